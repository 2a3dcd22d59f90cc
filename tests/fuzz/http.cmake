# The HTTP face: requests as bytes, and what a signature says about itself.
meridian_fuzz(fuzz_http LIBS node PkgConfig::LIBUV llhttp SOURCES http_fuzz.c)
meridian_fuzz(fuzz_sigv4 LIBS node PkgConfig::LIBUV llhttp OpenSSL::Crypto SOURCES sigv4_fuzz.c)
