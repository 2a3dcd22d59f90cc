/* The patterns of the model as plain loops: a regular expression engine would be a large thing to
 * expose to clients for nine patterns. Each says whether the whole text matches. Pure; any thread.
 */
#pragma once

#include "proto/base/slice.h"

/* [a-zA-Z0-9_.-]+ */
bool pattern_name(struct slice text);
/* The same, or something that begins as an ARN does: which its reader judges. */
bool pattern_name_or_arn(struct slice text);
/* ^[^\$]+$ */
bool pattern_no_dollar(struct slice text);
/* ^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$ */
bool pattern_bucket(struct slice text);
/* [0-9]{12} */
bool pattern_account(struct slice text);
/* [,;:|\t ] */
bool pattern_delimiter(struct slice text);
/* [\x20-\x21\x23-\x2B\x2D-\x7E]* */
bool pattern_csv_header(struct slice text);
/* ([0-9a-f]{16})+ */
bool pattern_import_token(struct slice text);
/* Every character of XML but the controls. Text is valid UTF-8 by now. */
bool pattern_text(struct slice text);
/* \p{Print}+ */
bool pattern_print(struct slice text);
