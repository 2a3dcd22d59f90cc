#include "daemon/api/model/patterns.h"

static bool pattern_is_alphanumeric(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool pattern_is_name(uint8_t c)
{
    return pattern_is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
}

static bool pattern_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool pattern_is_hex(uint8_t c)
{
    return pattern_is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool pattern_is_not_dollar(uint8_t c)
{
    return c != '$';
}

static bool pattern_is_print(uint8_t c)
{
    return c >= ' ' && c <= '~';
}

static bool pattern_is_header(uint8_t c)
{
    return pattern_is_print(c) && c != '"' && c != ',';
}

static bool pattern_all(struct slice text, bool (*is)(uint8_t c))
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is(text.data[i])) {
            return false;
        }
    }
    return true;
}

bool pattern_name(struct slice text)
{
    return text.size > 0 && pattern_all(text, pattern_is_name);
}

bool pattern_name_or_arn(struct slice text)
{
    return slice_starts_with(text, SLICE_LITERAL("arn:")) || pattern_name(text);
}

bool pattern_no_dollar(struct slice text)
{
    return text.size > 0 && pattern_all(text, pattern_is_not_dollar);
}

bool pattern_bucket(struct slice text)
{
    return text.size >= 2 && pattern_all(text, pattern_is_name) &&
           pattern_is_alphanumeric(text.data[0]) &&
           pattern_is_alphanumeric(text.data[text.size - 1]);
}

bool pattern_account(struct slice text)
{
    return text.size == 12 && pattern_all(text, pattern_is_digit);
}

bool pattern_delimiter(struct slice text)
{
    return text.size == 1 && text.data[0] != 0 && strchr(",;:|\t ", text.data[0]) != NULL;
}

bool pattern_csv_header(struct slice text)
{
    return pattern_all(text, pattern_is_header);
}

bool pattern_import_token(struct slice text)
{
    return text.size > 0 && text.size % 16 == 0 && pattern_all(text, pattern_is_hex);
}

bool pattern_text(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c < ' ' && c != '\t' && c != '\r' && c != '\n') {
            return false;
        }
        /* U+FFFE and U+FFFF are the two that are left out above the controls. */
        if (c == 0xef && text.size - i >= 3 && text.data[i + 1] == 0xbf &&
            text.data[i + 2] >= 0xbe) {
            return false;
        }
    }
    return true;
}

bool pattern_print(struct slice text)
{
    return text.size > 0 && pattern_all(text, pattern_is_print);
}
