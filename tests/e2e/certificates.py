"""Certificates of a test's own, made by the openssl command when the test runs."""

import pathlib
import subprocess


def make_certificate(folder, name="server", days=2, key="ec"):
    """Self-signed for 127.0.0.1 and localhost: (certificate, key), both PEM."""
    folder = pathlib.Path(folder)
    certificate, secret = folder / f"{name}.pem", folder / f"{name}.key"
    kinds = {
        "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        "rsa": ["-newkey", "rsa:2048"],
    }
    command = ["openssl", "req", "-x509", *kinds[key], "-nodes", "-days", str(days)]
    command += ["-keyout", str(secret), "-out", str(certificate), "-subj", f"/CN={name}"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)
    return str(certificate), str(secret)
