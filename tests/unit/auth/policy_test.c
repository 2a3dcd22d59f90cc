/* Goal: a policy says to a request what IAM would say. Method: tables of policies and requests; in
 * both ' stands for ". A request is a line of words:
 *
 *     action resource [key=value[,value…]]…       with the keys' names as policies have them */
#include "daemon/auth/policy.h"
#include "proto/base/buffer.h"

#include <criterion/criterion.h>

#define TABLE "arn:aws:dynamodb:us-east-1:000000000000:table/Books"
#define USER "arn:aws:iam::000000000000:user/"

static const char *const key_names[POLICY_KEYS] = {
    [POLICY_LEADING_KEYS] = "leading",
    [POLICY_ATTRIBUTES] = "attributes",
    [POLICY_SELECT] = "select",
    [POLICY_RETURN_VALUES] = "returns",
    [POLICY_RETURN_CONSUMED_CAPACITY] = "capacity",
    [POLICY_ENCLOSING_OPERATION] = "enclosing",
    [POLICY_FULL_TABLE_SCAN] = "full",
    [POLICY_SOURCE_IP] = "ip",
    [POLICY_USERNAME] = "user",
    [POLICY_PRINCIPAL_ARN] = "principal",
    [POLICY_PRINCIPAL_ACCOUNT] = "account",
    [POLICY_CURRENT_TIME] = "time",
    [POLICY_EPOCH_TIME] = "epoch",
    [POLICY_SECURE_TRANSPORT] = "secure",
};

static struct slice quoted(struct arena *arena, const char *text)
{
    char *copy = arena_printf(arena, "%s", text);
    for (char *at = copy; *at != 0; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    return slice_text(copy);
}

static void request_value(struct arena *arena, struct policy_request *request, char *word)
{
    char *equals = strchr(word, '=');
    cr_assert_not_null(equals, "%s", word);
    *equals = 0;
    enum { VALUES_MAX = 8 };
    struct slice *all = arena_zalloc(arena, VALUES_MAX, sizeof(*all));
    uint32_t count = 0;
    char *rest = NULL;
    for (char *at = strtok_r(equals + 1, ",", &rest); at != NULL; at = strtok_r(NULL, ",", &rest)) {
        cr_assert_lt(count, VALUES_MAX);
        all[count++] = slice_text(at);
    }
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        if (strcmp(word, key_names[key]) == 0) {
            request->values[key] = (struct policy_values){all, count};
            return;
        }
    }
    cr_assert_fail("there is no key %s", word);
}

static struct policy_request request_of(struct arena *arena, const char *line)
{
    struct policy_request request = {
        .account = SLICE_LITERAL("000000000000"),
        .principal = SLICE_LITERAL(USER "ann"),
    };
    char *copy = arena_printf(arena, "%s", line);
    char *rest = NULL;
    request.action = slice_text(strtok_r(copy, " ", &rest));
    request.resource = slice_text(strtok_r(NULL, " ", &rest));
    for (char *at = strtok_r(NULL, " ", &rest); at != NULL; at = strtok_r(NULL, " ", &rest)) {
        request_value(arena, &request, at);
    }
    if (request.values[POLICY_PRINCIPAL_ARN].count > 0) {
        request.principal = *request.values[POLICY_PRINCIPAL_ARN].all;
    }
    return request;
}

struct row {
    const char *policy;
    const char *request;
    enum policy_verdict expect;
};

static void expect_rows(enum policy_kind kind, const struct row *rows, size_t count)
{
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < count; i++) {
        struct policy *policy = NULL;
        struct error err = {0};
        cr_assert(policy_compile(kind, quoted(&arena, rows[i].policy), &policy, &err), "%s: %s",
                  rows[i].policy, err.text);
        struct policy_request request = request_of(&arena, rows[i].request);
        cr_expect_eq(policy_evaluate(policy, &request), rows[i].expect, "%zu: %s\n   %s", i,
                     rows[i].policy, rows[i].request);
        policy_close(policy);
    }
    arena_destroy(&arena);
}

#define ALLOW(rest) "{'Version':'2012-10-17','Statement':{'Effect':'Allow'," rest "}}"
#define DENY(rest) "{'Version':'2012-10-17','Statement':[{'Effect':'Deny'," rest "}]}"
#define ANYTHING "'Action':'*','Resource':'*'"
#define WHEN(rest) ALLOW(ANYTHING ",'Condition':{" rest "}")
#define DENY_WHEN(rest) DENY(ANYTHING ",'Condition':{" rest "}")
#define GET "dynamodb:GetItem " TABLE

Test(policy, actions_and_resources_have_wildcards)
{
    static const struct row rows[] = {
        {ALLOW(ANYTHING), GET, POLICY_ALLOW},
        {ALLOW("'Action':'dynamodb:*','Resource':'*'"), GET, POLICY_ALLOW},
        {ALLOW("'Action':'dynamodb:Get*','Resource':'*'"), GET, POLICY_ALLOW},
        {ALLOW("'Action':'dynamodb:get?tem','Resource':'*'"), GET, POLICY_ALLOW},
        {ALLOW("'Action':'DYNAMODB:GETITEM','Resource':'*'"), GET, POLICY_ALLOW},
        {ALLOW("'Action':'dynamodb:Ge?Item','Resource':'*'"), "dynamodb:GettItem x",
         POLICY_NEITHER},
        {ALLOW("'Action':'s3:*','Resource':'*'"), GET, POLICY_NEITHER},
        {ALLOW("'Action':['dynamodb:PutItem','dynamodb:GetItem'],'Resource':'*'"), GET,
         POLICY_ALLOW},
        {ALLOW("'Action':['dynamodb:PutItem'],'Resource':'*'"), GET, POLICY_NEITHER},
        {ALLOW("'NotAction':['dynamodb:PutItem'],'Resource':'*'"), GET, POLICY_ALLOW},
        {ALLOW("'NotAction':'dynamodb:Get*','Resource':'*'"), GET, POLICY_NEITHER},
        {ALLOW("'Action':'*','Resource':'" TABLE "'"), GET, POLICY_ALLOW},
        {ALLOW("'Action':'*','Resource':'" TABLE "'"), "dynamodb:Query " TABLE "/index/i",
         POLICY_NEITHER},
        {ALLOW("'Action':'*','Resource':'" TABLE "/index/*'"), "dynamodb:Query " TABLE "/index/i",
         POLICY_ALLOW},
        {ALLOW("'Action':'*','Resource':'" TABLE "/index/*'"), GET, POLICY_NEITHER},
        {ALLOW("'Action':'*','Resource':'arn:aws:dynamodb:*:*:table/B*s'"), GET, POLICY_ALLOW},
        {ALLOW("'Action':'*','Resource':'arn:aws:dynamodb:*:*:table/b*s'"), GET, POLICY_NEITHER},
        {ALLOW("'Action':'*','Resource':['arn:aws:dynamodb:::table/A','" TABLE "']"), GET,
         POLICY_ALLOW},
        {ALLOW("'Action':'*','NotResource':'" TABLE "'"), GET, POLICY_NEITHER},
        {ALLOW("'Action':'*','NotResource':'" TABLE "'"), "dynamodb:GetItem " TABLE "2",
         POLICY_ALLOW},
        {ALLOW("'Action':'*','Resource':'arn:aws:dynamodb:us-east-1:000000000000:table/"
               "${aws:username}-*'"),
         "dynamodb:GetItem arn:aws:dynamodb:us-east-1:000000000000:table/ann-x user=ann",
         POLICY_ALLOW},
        {ALLOW("'Action':'*','Resource':'arn:aws:dynamodb:us-east-1:000000000000:table/"
               "${aws:username}-*'"),
         "dynamodb:GetItem arn:aws:dynamodb:us-east-1:000000000000:table/bob-x user=ann",
         POLICY_NEITHER},
        {ALLOW("'Action':'*','Resource':'arn:${aws:username}'"),
         "dynamodb:GetItem arn:", POLICY_NEITHER},
    };
    expect_rows(POLICY_IDENTITY, rows, ARRAY_COUNT(rows));
}

Test(policy, a_deny_outdoes_every_allow_whatever_the_order)
{
#define BOTH(first, second)                                                                        \
    "{'Version':'2012-10-17','Statement':[{'Effect':'" first "'," ANYTHING "},"                    \
    "{'Effect':'" second "','Action':'dynamodb:DeleteItem','Resource':'*'}]}"
    static const struct row rows[] = {
        {BOTH("Allow", "Deny"), "dynamodb:DeleteItem " TABLE, POLICY_DENY},
        {BOTH("Allow", "Deny"), GET, POLICY_ALLOW},
        {BOTH("Deny", "Allow"), "dynamodb:DeleteItem " TABLE, POLICY_DENY},
        {DENY("'Action':'dynamodb:DeleteItem','Resource':'*'"), GET, POLICY_NEITHER},
        {DENY("'NotAction':'dynamodb:DeleteItem','Resource':'*'"), GET, POLICY_DENY},
        {DENY("'Action':'*','NotResource':'" TABLE "'"), GET, POLICY_NEITHER},
        {DENY("'Action':'*','NotResource':'" TABLE "'"), "dynamodb:ListTables *", POLICY_DENY},
    };
    expect_rows(POLICY_IDENTITY, rows, ARRAY_COUNT(rows));
}

Test(policy, conditions_on_several_values)
{
#define LEADING(op) "'" op "':{'dynamodb:LeadingKeys':['ann','shared']}"
    static const struct row rows[] = {
        {WHEN(LEADING("ForAllValues:StringEquals")), GET " leading=ann", POLICY_ALLOW},
        {WHEN(LEADING("ForAllValues:StringEquals")), GET " leading=ann,shared", POLICY_ALLOW},
        {WHEN(LEADING("ForAllValues:StringEquals")), GET " leading=ann,bob", POLICY_NEITHER},
        {WHEN(LEADING("ForAllValues:StringEquals")), GET, POLICY_ALLOW}, /* As IAM has it. */
        {WHEN(LEADING("ForAnyValue:StringEquals")), GET " leading=bob,ann", POLICY_ALLOW},
        {WHEN(LEADING("ForAnyValue:StringEquals")), GET " leading=bob", POLICY_NEITHER},
        {WHEN(LEADING("ForAnyValue:StringEquals")), GET, POLICY_NEITHER},
        {WHEN(LEADING("ForAllValues:StringNotEquals")), GET " leading=bob,eve", POLICY_ALLOW},
        {WHEN(LEADING("ForAllValues:StringNotEquals")), GET " leading=bob,ann", POLICY_NEITHER},
        {WHEN(LEADING("ForAnyValue:StringNotEquals")), GET " leading=bob,ann", POLICY_ALLOW},
        {WHEN(LEADING("ForAnyValue:StringNotEquals")), GET " leading=ann", POLICY_NEITHER},
        {WHEN(LEADING("ForAnyValue:StringNotEquals")), GET, POLICY_NEITHER},
        {WHEN(LEADING("StringEquals")), GET " leading=ann", POLICY_ALLOW},
        {WHEN(LEADING("StringEquals")), GET " leading=ann,bob", POLICY_NEITHER},
        {WHEN(LEADING("StringEquals")), GET, POLICY_NEITHER},
        {WHEN(LEADING("StringEqualsIfExists")), GET, POLICY_ALLOW},
        {WHEN(LEADING("StringNotEquals")), GET, POLICY_ALLOW},
        {DENY_WHEN(LEADING("StringEquals")), GET " leading=bob,ann", POLICY_DENY},
        {DENY_WHEN(LEADING("ForAllValues:StringEquals")), GET " leading=bob,ann", POLICY_NEITHER},
        {DENY_WHEN(LEADING("ForAnyValue:StringEquals")), GET " leading=bob,ann", POLICY_DENY},
        {WHEN("'ForAllValues:StringLike':{'dynamodb:LeadingKeys':'${aws:username}#*'}"),
         GET " user=ann leading=ann#1,ann#2", POLICY_ALLOW},
        {WHEN("'ForAllValues:StringLike':{'dynamodb:LeadingKeys':'${aws:username}#*'}"),
         GET " user=ann leading=ann#1,bob#2", POLICY_NEITHER},
        {WHEN("'ForAllValues:StringEquals':{'dynamodb:LeadingKeys':'${aws:username}'}"),
         GET " leading=ann", POLICY_NEITHER}, /* Nobody has a name: nothing equals it. */
        {WHEN("'ForAllValues:StringEquals':{'dynamodb:Attributes':['id','title']},"
              "'StringEqualsIfExists':{'dynamodb:Select':'SPECIFIC_ATTRIBUTES',"
              "'dynamodb:ReturnValues':['NONE','UPDATED_OLD','UPDATED_NEW']}"),
         GET " attributes=id,title select=SPECIFIC_ATTRIBUTES", POLICY_ALLOW},
        {WHEN("'ForAllValues:StringEquals':{'dynamodb:Attributes':['id','title']},"
              "'StringEqualsIfExists':{'dynamodb:Select':'SPECIFIC_ATTRIBUTES',"
              "'dynamodb:ReturnValues':['NONE','UPDATED_OLD','UPDATED_NEW']}"),
         GET " attributes=id select=ALL_ATTRIBUTES", POLICY_NEITHER},
    };
    expect_rows(POLICY_IDENTITY, rows, ARRAY_COUNT(rows));
}

static const struct row operator_rows[] = {
    {WHEN("'StringEqualsIgnoreCase':{'aws:username':'ANN'}"), GET " user=ann", POLICY_ALLOW},
    {WHEN("'StringNotEqualsIgnoreCase':{'AWS:UserName':'ANN'}"), GET " user=ann", POLICY_NEITHER},
    {WHEN("'StringEquals':{'aws:username':'a*'}"), GET " user=ann", POLICY_NEITHER},
    {WHEN("'StringEquals':{'aws:username':'a*'}"), GET " user=a*", POLICY_ALLOW},
    {WHEN("'StringLike':{'aws:username':'a${*}'}"), GET " user=ann", POLICY_NEITHER},
    {WHEN("'StringLike':{'aws:username':'a${*}'}"), GET " user=a*", POLICY_ALLOW},
    {WHEN("'StringLike':{'aws:username':'a*'}"), GET " user=ann", POLICY_ALLOW},
    {WHEN("'StringNotLike':{'aws:username':'a*'}"), GET " user=ann", POLICY_NEITHER},
    {WHEN("'StringLike':{'aws:username':'?'}"), GET " user=\xc3\xa4", POLICY_ALLOW},
    {WHEN("'StringLike':{'aws:username':'*a*b*c'}"), GET " user=xaxbxbcxc", POLICY_ALLOW},
    {WHEN("'StringLike':{'aws:username':'*a*b*c'}"), GET " user=xaxbxbcx", POLICY_NEITHER},
    {WHEN("'ArnLike':{'aws:PrincipalArn':'arn:aws:iam::*:user/a*'}"), GET " principal=" USER "ann",
     POLICY_ALLOW},
    {WHEN("'ArnEquals':{'aws:PrincipalArn':'arn:aws:iam:*:user/a*'}"), GET " principal=" USER "ann",
     POLICY_NEITHER}, /* A * ends at a colon. */
    {WHEN("'StringLike':{'aws:PrincipalArn':'arn:aws:iam:*:user/a*'}"),
     GET " principal=" USER "ann", POLICY_ALLOW},
    {WHEN("'ArnNotLike':{'aws:PrincipalArn':'" USER "ann'}"), GET " principal=" USER "bob",
     POLICY_ALLOW},
    {WHEN("'Bool':{'aws:SecureTransport':'true'}"), GET " secure=true", POLICY_ALLOW},
    {WHEN("'Bool':{'aws:SecureTransport':true}"), GET " secure=false", POLICY_NEITHER},
    {DENY_WHEN("'Bool':{'aws:SecureTransport':false}"), GET " secure=false", POLICY_DENY},
    {WHEN("'NumericLessThan':{'aws:EpochTime':100}"), GET " epoch=99", POLICY_ALLOW},
    {WHEN("'NumericLessThan':{'aws:EpochTime':'100'}"), GET " epoch=100", POLICY_NEITHER},
    {WHEN("'NumericLessThanEquals':{'aws:EpochTime':100}"), GET " epoch=100", POLICY_ALLOW},
    {WHEN("'NumericGreaterThan':{'aws:EpochTime':100}"), GET " epoch=100", POLICY_NEITHER},
    {WHEN("'NumericGreaterThanEquals':{'aws:EpochTime':1e2}"), GET " epoch=100", POLICY_ALLOW},
    {WHEN("'NumericEquals':{'dynamodb:LeadingKeys':[1,2]}"), GET " leading=2.0", POLICY_ALLOW},
    {WHEN("'NumericNotEquals':{'dynamodb:LeadingKeys':[1,2]}"), GET " leading=2", POLICY_NEITHER},
    {WHEN("'NumericEquals':{'dynamodb:LeadingKeys':[1,2]}"), GET " leading=two", POLICY_NEITHER},
    {WHEN("'DateLessThan':{'aws:CurrentTime':'2026-12-01T00:00:00Z'}"),
     GET " time=2026-11-30T23:59:59Z", POLICY_ALLOW},
    {WHEN("'DateLessThan':{'aws:CurrentTime':'2026-12-01T00:00:00Z'}"),
     GET " time=2026-12-01T00:00:00Z", POLICY_NEITHER},
    {WHEN("'DateLessThan':{'aws:CurrentTime':'2026-12-01'}"), GET " time=2026-11-30T23:59:59Z",
     POLICY_ALLOW},
    {WHEN("'DateGreaterThan':{'aws:CurrentTime':'2026-12-01T01:00:00+02:00'}"),
     GET " time=2026-11-30T23:00:01Z", POLICY_ALLOW},
    {WHEN("'DateEquals':{'aws:CurrentTime':1795332846}"), GET " time=2026-11-22T07:34:06Z",
     POLICY_ALLOW},
    {WHEN("'DateEquals':{'aws:CurrentTime':'2000-02-29T00:00:00.5Z'}"), GET " time=951782400.5",
     POLICY_ALLOW},
    {WHEN("'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}"), GET " ip=10.255.0.1", POLICY_ALLOW},
    {WHEN("'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}"), GET " ip=11.0.0.1", POLICY_NEITHER},
    {WHEN("'IpAddress':{'aws:SourceIp':['1.2.3.4','10.1.2.128/25']}"), GET " ip=10.1.2.200",
     POLICY_ALLOW},
    {WHEN("'IpAddress':{'aws:SourceIp':['1.2.3.4','10.1.2.128/25']}"), GET " ip=10.1.2.100",
     POLICY_NEITHER},
    {WHEN("'IpAddress':{'aws:SourceIp':'2001:db8::/33'}"), GET " ip=2001:db8:7fff::1",
     POLICY_ALLOW},
    {WHEN("'IpAddress':{'aws:SourceIp':'2001:db8::/33'}"), GET " ip=2001:db8:8000::1",
     POLICY_NEITHER},
    {WHEN("'IpAddress':{'aws:SourceIp':'0.0.0.0/0'}"), GET " ip=2001:db8::1", POLICY_NEITHER},
    {DENY_WHEN("'NotIpAddress':{'aws:SourceIp':'10.0.0.0/8'}"), GET " ip=11.0.0.1", POLICY_DENY},
    {DENY_WHEN("'NotIpAddress':{'aws:SourceIp':'10.0.0.0/8'}"), GET, POLICY_DENY},
    {WHEN("'Null':{'dynamodb:LeadingKeys':'true'}"), GET, POLICY_ALLOW},
    {WHEN("'Null':{'dynamodb:LeadingKeys':'true'}"), GET " leading=a", POLICY_NEITHER},
    {WHEN("'Null':{'dynamodb:LeadingKeys':false}"), GET " leading=a", POLICY_ALLOW},
    {WHEN("'Null':{'dynamodb:LeadingKeys':['true','false']}"), GET, POLICY_ALLOW},
    {WHEN("'StringEquals':{'dynamodb:EnclosingOperation':['TransactWriteItems']}"),
     GET " enclosing=TransactWriteItems", POLICY_ALLOW},
    {DENY_WHEN("'Bool':{'dynamodb:FullTableScan':['true']}"), GET " full=true", POLICY_DENY},
    {WHEN("'StringEquals':{'dynamodb:ReturnConsumedCapacity':'TOTAL','aws:username':'ann'}"),
     GET " user=ann", POLICY_NEITHER}, /* All keys must hold. */
};

Test(policy, every_operator)
{
    expect_rows(POLICY_IDENTITY, operator_rows, ARRAY_COUNT(operator_rows));
}

Test(policy, before_2012_variables_are_plain_text)
{
    static const struct row rows[] = {
        {"{'Statement':{'Effect':'Allow'," ANYTHING
         ",'Condition':{'StringEquals':{'aws:username':'${aws:username}'}}}}",
         GET " user=ann", POLICY_NEITHER},
        {"{'Version':'2008-10-17','Statement':{'Effect':'Allow'," ANYTHING
         ",'Condition':{'StringEquals':{'aws:username':'${x}'}}}}",
         GET " user=${x}", POLICY_ALLOW},
    };
    expect_rows(POLICY_IDENTITY, rows, ARRAY_COUNT(rows));
}

Test(policy, a_resource_policy_names_principals)
{
#define WHO(who) ALLOW("'Principal':" who ",'Action':'dynamodb:GetItem','Resource':'" TABLE "'")
#define NOT_WHO(who) DENY("'Principal':" who ",'Action':'dynamodb:*','Resource':'" TABLE "*'")
    static const struct row rows[] = {
        {WHO("{'AWS':'" USER "ann'}"), GET, POLICY_ALLOW},
        {WHO("{'AWS':['" USER "bob','" USER "ann']}"), GET, POLICY_ALLOW},
        {WHO("{'AWS':'" USER "bob'}"), GET, POLICY_NEITHER},
        {WHO("{'AWS':'" USER "an'}"), GET, POLICY_NEITHER},
        /* The account leaves it to its users' own policies. */
        {WHO("{'AWS':'000000000000'}"), GET, POLICY_NEITHER},
        {WHO("{'AWS':'000000000000'}"), GET " principal=arn:aws:iam::000000000000:root",
         POLICY_ALLOW},
        {WHO("{'AWS':'arn:aws:iam::111111111111:root'}"), GET, POLICY_NEITHER},
        {WHO("{'Service':'redshift.amazonaws.com'}"), GET, POLICY_NEITHER},
        {NOT_WHO("'*'"), GET, POLICY_DENY},
        {NOT_WHO("{'AWS':'*'}"), GET, POLICY_DENY},
        {NOT_WHO("{'AWS':'arn:aws:iam::000000000000:root'}"), GET, POLICY_DENY},
        {NOT_WHO("{'AWS':'000000000000'}"), "dynamodb:Query " TABLE "/index/i", POLICY_DENY},
        {NOT_WHO("{'AWS':'111111111111'}"), GET, POLICY_NEITHER},
        {NOT_WHO("{'AWS':'" USER "bob'}"), GET, POLICY_NEITHER},
        {ALLOW("'Principal':'*'," ANYTHING ",'Condition':{'StringEquals':{'aws:username':'ann'}}"),
         GET " user=ann", POLICY_ALLOW},
    };
    expect_rows(POLICY_RESOURCE, rows, ARRAY_COUNT(rows));
}

struct refusal {
    enum policy_kind kind;
    const char *policy;
    const char *expect;
};

#define DOCUMENT "Invalid policy document: "
#define OMPV "One or more parameter values were invalid: "
#define SOMEBODY "'Principal':{'AWS':'" USER "ann'},"
static const struct refusal refusals[] = {
    {POLICY_IDENTITY, "", DOCUMENT "This policy contains invalid Json"},
    {POLICY_IDENTITY, "[]", DOCUMENT "This policy contains invalid Json"},
    {POLICY_IDENTITY, "{'Statement':", DOCUMENT "This policy contains invalid Json"},
    {POLICY_IDENTITY, "{'Version':'2012-10-17'}",
     DOCUMENT "Could not parse the policy: Statement is empty!"},
    {POLICY_IDENTITY, "{'Statement':[]}",
     DOCUMENT "Could not parse the policy: Statement is empty!"},
    {POLICY_IDENTITY, "{'Version':'2013-10-17','Statement':{}}",
     DOCUMENT "The policy must contain a valid version string."},
    {POLICY_IDENTITY, "{'Statement':'x'}", DOCUMENT "A statement is an object"},
    {POLICY_IDENTITY, "{'Statements':[]}",
     DOCUMENT "Syntax errors in policy: unknown field Statements"},
    {POLICY_IDENTITY, "{'Statement':{" ANYTHING "}}", DOCUMENT "Missing required field Effect"},
    {POLICY_IDENTITY, "{'Statement':{'Effect':'allow'," ANYTHING "}}",
     DOCUMENT "Invalid effect: allow"},
    {POLICY_IDENTITY, ALLOW("'Resource':'*'"), DOCUMENT "Missing required field Action"},
    {POLICY_IDENTITY, ALLOW("'Action':[],'Resource':'*'"),
     DOCUMENT "Missing required field Action"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','NotAction':'*','Resource':'*'"),
     DOCUMENT "Action beside NotAction"},
    {POLICY_IDENTITY, ALLOW("'Action':'GetItem','Resource':'*'"),
     DOCUMENT "Actions/Conditions must be prefaced by a vendor: GetItem"},
    {POLICY_IDENTITY, ALLOW("'Action':7,'Resource':'*'"),
     DOCUMENT "Action is a text or a list of texts"},
    {POLICY_IDENTITY, ALLOW("'Action':'*'"), DOCUMENT "Missing required field Resource"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'*','NotResource':'*'"),
     DOCUMENT "Resource beside NotResource"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'Books'"),
     DOCUMENT "Resource Books must be in ARN format or \"*\"."},
    {POLICY_IDENTITY, ALLOW("'Sid':1," ANYTHING), DOCUMENT "Sid is a text"},
    {POLICY_IDENTITY, ALLOW("'NotPrincipal':'*'," ANYTHING),
     DOCUMENT "Syntax errors in policy: unknown field NotPrincipal"},
    {POLICY_IDENTITY, ALLOW("'Principal':'*'," ANYTHING),
     DOCUMENT "Policy document should not specify a principal."},
    {POLICY_IDENTITY,
     "{'Statement':[{'Sid':'a','Effect':'Allow'," ANYTHING "},{'Sid':'a','Effect':'Deny'," ANYTHING
     "}]}",
     DOCUMENT "The Statement Ids in the policy are not unique"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'arn:${aws:nobody}'"),
     DOCUMENT "Unknown policy variable in arn:${aws:nobody}"},
    {POLICY_IDENTITY, ALLOW("'Action':'*','Resource':'arn:${aws:username'"),
     DOCUMENT "Unknown policy variable in arn:${aws:username"},
    {POLICY_IDENTITY, WHEN("'StringEqual':{'aws:username':'a'}"),
     DOCUMENT "Invalid Condition type : StringEqual"},
    {POLICY_IDENTITY, WHEN("'ForSomeValues:StringEquals':{'aws:username':'a'}"),
     DOCUMENT "Invalid Condition type : ForSomeValues:StringEquals"},
    {POLICY_IDENTITY, WHEN("'NullIfExists':{'aws:username':'true'}"),
     DOCUMENT "Invalid Condition type : NullIfExists"},
    {POLICY_IDENTITY, WHEN("'StringEquals':{'aws:VpcId':'a'}"),
     DOCUMENT "Unsupported condition key aws:VpcId"},
    {POLICY_IDENTITY, WHEN("'StringEquals':{}"),
     DOCUMENT "StringEquals is an object of condition keys"},
    {POLICY_IDENTITY, ALLOW(ANYTHING ",'Condition':[]"),
     DOCUMENT "Condition is an object of operators"},
    {POLICY_IDENTITY, WHEN("'StringEquals':{'aws:username':[]}"),
     DOCUMENT "A condition on aws:username without values"},
    {POLICY_IDENTITY, WHEN("'StringEquals':{'aws:username':[['a']]}"),
     DOCUMENT "A value of the condition on aws:username is no text"},
    {POLICY_IDENTITY, WHEN("'NumericEquals':{'aws:EpochTime':'0x10'}"),
     DOCUMENT "Invalid number 0x10"},
    {POLICY_IDENTITY, WHEN("'DateEquals':{'aws:CurrentTime':'2026-02-29'}"),
     DOCUMENT "Invalid date 2026-02-29"},
    {POLICY_IDENTITY, WHEN("'DateEquals':{'aws:CurrentTime':'2026-02-28T24:00:00Z'}"),
     DOCUMENT "Invalid date 2026-02-28T24:00:00Z"},
    {POLICY_IDENTITY, WHEN("'Bool':{'aws:SecureTransport':'yes'}"), DOCUMENT "Invalid boolean yes"},
    {POLICY_IDENTITY, WHEN("'IpAddress':{'aws:SourceIp':'10.0.0.0/33'}"),
     DOCUMENT "Invalid IP address 10.0.0.0/33"},
    {POLICY_IDENTITY, WHEN("'IpAddress':{'aws:SourceIp':'10.0.0'}"),
     DOCUMENT "Invalid IP address 10.0.0"},
    {POLICY_RESOURCE, "{", OMPV DOCUMENT "This policy contains invalid Json"},
    {POLICY_RESOURCE, ALLOW(ANYTHING), OMPV DOCUMENT "Missing required field Principal"},
    {POLICY_RESOURCE, ALLOW(SOMEBODY "'Action':'dynamodb:*'"),
     OMPV DOCUMENT "Missing required field Resource"},
    {POLICY_RESOURCE,
     ALLOW(SOMEBODY "'Action':['dynamodb:GetItems','dynamodb:Get*','s3:*'],'Resource':'*'"),
     OMPV DOCUMENT "The following action names are invalid: [dynamodb:GetItems, s3:*]"},
    {POLICY_RESOURCE, ALLOW("'Principal':'ann'," ANYTHING),
     "Invalid principal in policy document."},
    {POLICY_RESOURCE, ALLOW("'Principal':{'AWS':[]}," ANYTHING),
     "Invalid principal in policy document."},
    {POLICY_RESOURCE, ALLOW("'Principal':{'AWS':'" USER "*'}," ANYTHING),
     "Invalid principal in policy document."},
    {POLICY_RESOURCE, ALLOW("'Principal':{'AWS':'arn:aws:iam::12:root'}," ANYTHING),
     "Invalid principal in policy document."},
    {POLICY_RESOURCE, ALLOW("'Principal':{'Federated':'x'}," ANYTHING),
     "Invalid principal in policy document."},
    {POLICY_RESOURCE, ALLOW("'Principal':'*'," ANYTHING),
     "Resource-based policy grants unbounded access in one or more elements. Please revise the "
     "policy to ensure least-privilege form of access"},
    {POLICY_RESOURCE,
     ALLOW("'Principal':{'AWS':['" USER "ann','*']}," ANYTHING
           ",'Condition':{'StringLike':{'aws:PrincipalArn':'*'}}"),
     "Resource-based policy grants unbounded access in one or more elements. Please revise the "
     "policy to ensure least-privilege form of access"},
};

Test(policy, what_means_nothing_is_refused)
{
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
        struct policy *policy = NULL;
        struct error err = {0};
        cr_expect_not(
            policy_compile(refusals[i].kind, quoted(&arena, refusals[i].policy), &policy, &err),
            "%s", refusals[i].policy);
        cr_expect_eq(err.code, ERROR_VALIDATION);
        cr_expect_str_eq(err.text, refusals[i].expect, "%s\n  -> %s", refusals[i].policy, err.text);
        policy_close(policy);
    }
    arena_destroy(&arena);
}

/* `part` so many times between head and tail. */
static bool compiles(struct arena *arena,
                     const char *head,
                     const char *part,
                     const char *separator,
                     int times,
                     const char *tail)
{
    struct buffer many;
    buffer_init(&many, arena, 1024);
    buffer_append_text(&many, head);
    for (int i = 0; i < times; i++) {
        buffer_append_text(&many, i > 0 ? separator : "");
        buffer_append_text(&many, part);
    }
    buffer_append(&many, tail, strlen(tail) + 1);
    struct slice text = quoted(arena, (const char *)many.data);
    struct policy *policy = NULL;
    struct error err = {0};
    bool ok = policy_compile(POLICY_IDENTITY, text, &policy, &err);
    cr_expect(ok || err.code == ERROR_VALIDATION);
    policy_close(policy);
    return ok;
}

Test(policy, bounds_are_kept)
{
    struct arena arena;
    arena_init(&arena);
    const char *head = "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*',"
                       "'Resource':'arn:";
    cr_expect(compiles(&arena, head, "x", "", POLICY_TEXT_BYTES_MAX - 4, "'}}"));
    cr_expect_not(compiles(&arena, head, "x", "", POLICY_TEXT_BYTES_MAX - 3, "'}}"));
    cr_expect(compiles(&arena, head, "${aws:username}", "", 20, "'}}"));
    cr_expect_not(compiles(&arena, head, "${aws:username}", "", 40, "'}}"));
    const char *statement = "{'Effect':'Deny','Action':'*','Resource':'*'}";
    cr_expect(compiles(&arena, "{'Statement':[", statement, ",", POLICY_STATEMENTS_MAX, "]}"));
    cr_expect_not(
        compiles(&arena, "{'Statement':[", statement, ",", POLICY_STATEMENTS_MAX + 1, "]}"));
    const char *rest = "{'Statement':{'Effect':'Deny','Action':'*','Resource':'*'}}";
    cr_expect(compiles(&arena, "", " ", "", TABLE_POLICY_BYTES_MAX - (int)strlen(rest), rest));
    cr_expect_not(
        compiles(&arena, "", " ", "", TABLE_POLICY_BYTES_MAX - (int)strlen(rest) + 1, rest));
    struct buffer keys;
    buffer_init(&keys, &arena, 1024);
    buffer_append_text(&keys, "{'Statement':{'Effect':'Deny','Action':'*','Resource':'*',"
                              "'Condition':{'StringEquals':{'aws:username':'v'");
    for (int i = 0; i < POLICY_CONDITIONS_MAX;
         i++) { /* Of members with one name the last counts. */
        buffer_printf(&keys, ",'k%d':'v'", i);
    }
    buffer_append(&keys, "}}}}", 5);
    struct policy *policy = NULL;
    struct error err = {0};
    cr_expect_not(
        policy_compile(POLICY_IDENTITY, quoted(&arena, (const char *)keys.data), &policy, &err));
    cr_expect_str_eq(err.text,
                     "Invalid policy document: A statement with more than 100 conditions");
    arena_destroy(&arena);
}

Test(policy, says_what_it_asks_for_and_whether_it_allows_all)
{
    struct arena arena;
    arena_init(&arena);
    static const struct {
        const char *policy;
        bool all, leading;
    } rows[] = {
        {ALLOW(ANYTHING), true, false},
        {ALLOW("'Action':'dynamodb:*','Resource':'*'"), true, false},
        {ALLOW("'Action':'dynamodb:Get*','Resource':'*'"), false, false},
        {ALLOW("'Action':'dynamodb:?','Resource':'?'"), false, false},
        {ALLOW("'Action':'*','Resource':'arn:*'"), false, false},
        {WHEN("'StringLike':{'dynamodb:leadingkeys':'*'}"), false, true},
        {"{'Statement':[{'Effect':'Allow'," ANYTHING
         "},{'Effect':'Deny','Action':'dynamodb:PutItem','Resource':'*'}]}",
         false, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct policy *policy = NULL;
        struct error err = {0};
        bool ok = rows[i].policy[0] != 0 &&
                  policy_compile(POLICY_IDENTITY, quoted(&arena, rows[i].policy), &policy, &err);
        if (!ok) {
            cr_expect(!rows[i].all, "%s: %s", rows[i].policy, err.text);
            continue;
        }
        cr_expect_eq(policy_allows_all(policy), rows[i].all, "%s", rows[i].policy);
        cr_expect_eq(policy_asks(policy, POLICY_LEADING_KEYS), rows[i].leading);
        policy_close(policy);
    }
    arena_destroy(&arena);
}
