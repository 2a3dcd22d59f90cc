# Policies in IAM's JSON.
meridian_fuzz(fuzz_policy LIBS node SOURCES policy_fuzz.c)
