/* Patterns: texts with wildcards and policy variables.
 *
 * A variable's value is put in before the comparison and is compared as it is: names of users have
 * no * or ? in them. Without a value nothing matches. */
#include "daemon/auth/policy_inner.h"

#include <strings.h>

/* ${aws:username}; the number is the place here. */
static const struct {
    const char *name;
    enum policy_key key;
} policy_variables[] = {
    {"aws:username", POLICY_USERNAME},
    {"aws:PrincipalArn", POLICY_PRINCIPAL_ARN},
    {"aws:PrincipalAccount", POLICY_PRINCIPAL_ACCOUNT},
    {"aws:SourceIp", POLICY_SOURCE_IP},
};
_Static_assert(PATTERN_VARIABLE + ARRAY_COUNT(policy_variables) <= PATTERN_ONE, "one byte each");

/* What a pattern can be once its variables are put in. */
enum { PATTERN_EXPANDED_BYTES_MAX = 2 * POLICY_TEXT_BYTES_MAX, PATTERN_VARIABLE_BYTES_MAX = 128 };

/* --- Compiling ---------------------------------------------------------------------------------
 */

/* "${…}" at the front of `text`. The bytes taken, or 0 when it is not one that we know. */
static size_t pattern_variable(struct slice text, uint8_t *byte)
{
    const uint8_t *end = memchr(text.data, '}', text.size);
    if (end == NULL || text.size < 4) {
        return 0;
    }
    struct slice name = slice_of(text.data + 2, (size_t)(end - text.data) - 2);
    if (name.size == 1 && memchr("*?$", name.data[0], 3) != NULL) {
        *byte = name.data[0]; /* As they are. */
        return 4;
    }
    for (size_t i = 0; i < ARRAY_COUNT(policy_variables); i++) {
        if (name.size == strlen(policy_variables[i].name) &&
            strncasecmp((const char *)name.data, policy_variables[i].name, name.size) == 0) {
            *byte = (uint8_t)(PATTERN_VARIABLE + i);
            return name.size + 3;
        }
    }
    return 0;
}

bool pattern_compile(struct policy *policy,
                     struct slice text,
                     bool wildcards,
                     struct pattern *pattern,
                     struct error *err)
{
    if (text.size > POLICY_TEXT_BYTES_MAX) {
        return policy_refuse(policy, err, "A text of more than %d bytes", POLICY_TEXT_BYTES_MAX);
    }
    uint8_t *to = arena_alloc(&policy->arena, text.size);
    size_t size = 0;
    size_t expanded = text.size;
    *pattern = (struct pattern){.wild = false};
    for (size_t at = 0; at < text.size; at++) {
        uint8_t byte = text.data[at];
        if (byte >= PATTERN_SPECIAL) {
            return policy_refuse(policy, err, "A text is not UTF-8");
        }
        if (wildcards && (byte == '*' || byte == '?')) {
            byte = byte == '*' ? PATTERN_ANY : PATTERN_ONE;
            pattern->wild = true;
        } else if (policy->variables && byte == '$' && at + 1 < text.size &&
                   text.data[at + 1] == '{') {
            size_t taken = pattern_variable(slice_of(text.data + at, text.size - at), &byte);
            if (taken == 0) {
                return policy_refuse(policy, err, "Unknown policy variable in %.*s",
                                     SLICE_ARGS(text));
            }
            at += taken - 1;
            if (byte >= PATTERN_VARIABLE) {
                pattern->variable = true;
                expanded += PATTERN_VARIABLE_BYTES_MAX;
            }
        }
        to[size++] = byte;
    }
    if (expanded > PATTERN_EXPANDED_BYTES_MAX) {
        return policy_refuse(policy, err, "Too many policy variables in %.*s", SLICE_ARGS(text));
    }
    pattern->text = slice_of(to, size);
    return true;
}

bool patterns_compile(struct policy *policy,
                      const struct json *json,
                      const char *what,
                      struct patterns *patterns,
                      struct error *err)
{
    uint32_t count = policy_count(json);
    if (count == 0) {
        return policy_refuse(policy, err, "Missing required field %s", what);
    }
    patterns->all = arena_zalloc(&policy->arena, count, sizeof(*patterns->all));
    for (const struct json *at = policy_first(json); at != NULL; at = policy_next(json, at)) {
        if (at->type != JSON_STRING || at->text.size == 0) {
            return policy_refuse(policy, err, "%s is a text or a list of texts", what);
        }
        if (!pattern_compile(policy, at->text, true, &patterns->all[patterns->count++], err)) {
            return false;
        }
    }
    return true;
}

/* --- Comparing ---------------------------------------------------------------------------------
 */

/* The pattern with its variables put in, in `to`. False when one has no value, or too long a one.
 */
static bool pattern_expand(const struct pattern *pattern,
                           const struct policy_request *request,
                           uint8_t to[static PATTERN_EXPANDED_BYTES_MAX],
                           struct slice *expanded)
{
    size_t size = 0;
    for (size_t i = 0; i < pattern->text.size; i++) {
        uint8_t byte = pattern->text.data[i];
        if (byte < PATTERN_VARIABLE || byte >= PATTERN_ONE) {
            to[size++] = byte;
            continue;
        }
        const struct policy_values *values =
            &request->values[policy_variables[byte - PATTERN_VARIABLE].key];
        if (values->count != 1 || values->all->size > PATTERN_VARIABLE_BYTES_MAX) {
            return false;
        }
        if (values->all->size > 0) {
            memcpy(to + size, values->all->data, values->all->size);
        }
        size += values->all->size;
    }
    *expanded = slice_of(to, size);
    return true;
}

static uint8_t pattern_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

/* How many bytes the character at text[at] has. */
static size_t pattern_character(struct slice text, size_t at)
{
    size_t end = at + 1;
    while (end < text.size && (text.data[end] & 0xc0) == 0x80) {
        end++;
    }
    return end - at;
}

/* Only the last ANY is ever taken back, so this takes at most pattern times text steps. */
static bool pattern_run(struct slice pattern, struct slice text, bool ignore_case)
{
    size_t p = 0, t = 0, any = SIZE_MAX, resume = 0;
    while (t < text.size) {
        uint8_t byte = p < pattern.size ? pattern.data[p] : 0;
        if (p < pattern.size && byte == PATTERN_ANY) {
            any = p++;
            resume = t;
        } else if (p < pattern.size && byte == PATTERN_ONE) {
            p++;
            t += pattern_character(text, t);
        } else if (p < pattern.size &&
                   (byte == text.data[t] ||
                    (ignore_case && pattern_lower(byte) == pattern_lower(text.data[t])))) {
            p++;
            t++;
        } else if (any != SIZE_MAX) {
            p = any + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == PATTERN_ANY) {
        p++;
    }
    return p == pattern.size;
}

bool pattern_matches(const struct pattern *pattern,
                     const struct policy_request *request,
                     struct slice text,
                     bool ignore_case)
{
    uint8_t space[PATTERN_EXPANDED_BYTES_MAX];
    struct slice expanded = pattern->text;
    if (pattern->variable && !pattern_expand(pattern, request, space, &expanded)) {
        return false;
    }
    if (!pattern->wild && !ignore_case) {
        return slice_equal(expanded, text);
    }
    return pattern_run(expanded, text, ignore_case);
}

/* Cut the part before the next colon off *rest; all of it when there is none. */
static struct slice pattern_cut(struct slice *rest)
{
    const uint8_t *colon = rest->size == 0 ? NULL : memchr(rest->data, ':', rest->size);
    struct slice part = *rest;
    if (colon == NULL) {
        *rest = slice_of(rest->data, 0);
        return part;
    }
    part.size = (size_t)(colon - rest->data);
    *rest = slice_of(colon + 1, rest->size - part.size - 1);
    return part;
}

bool pattern_matches_arn(const struct pattern *pattern,
                         const struct policy_request *request,
                         struct slice arn)
{
    enum { ARN_COLONS = 5 };
    uint8_t space[PATTERN_EXPANDED_BYTES_MAX];
    struct slice expanded = pattern->text;
    if (pattern->variable && !pattern_expand(pattern, request, space, &expanded)) {
        return false;
    }
    for (int i = 0; i < ARN_COLONS; i++) {
        if (!pattern_run(pattern_cut(&expanded), pattern_cut(&arn), false)) {
            return false;
        }
    }
    return pattern_run(expanded, arn, false);
}

bool patterns_match(const struct patterns *patterns,
                    const struct policy_request *request,
                    struct slice text,
                    bool ignore_case)
{
    for (uint32_t i = 0; i < patterns->count; i++) {
        if (pattern_matches(&patterns->all[i], request, text, ignore_case)) {
            return true;
        }
    }
    return false;
}
