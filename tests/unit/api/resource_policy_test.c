/* Goal: resource policies are kept, versioned and refused as the service does (features 16), and
 * CreateTable takes one, and tags. Method: scripts. */
#include "tests/unit/api/fixture.h"

#include <criterion/criterion.h>

#define ARN "arn:aws:dynamodb:us-east-1:123456789012:table/Books"
#define OF "'ResourceArn':'" ARN "'"
#define ANN "arn:aws:iam::000000000000:user/ann"
/* A policy inside of a JSON text. */
#define POLICY(effect, action)                                                                     \
    "{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{\\\"Effect\\\":\\\"" effect           \
    "\\\",\\\"Principal\\\":{\\\"AWS\\\":\\\"" ANN "\\\"},\\\"Action\\\":\\\"dynamodb:" action     \
    "\\\",\\\"Resource\\\":\\\"" ARN "\\\"}]}"
#define SPACED                                                                                     \
    " { "                                                                                          \
    "\\\"Version\\\":\\\"2012-10-17\\\",\\n\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\""  \
    "Principal\\\":{\\\"AWS\\\":\\\"" ANN "\\\"},\\\"Action\\\":\\\"dynamodb:GetItem\\\",\\\""     \
    "Resource\\\":\\\"" ARN "\\\"}]}"

Test(resource_policy, is_put_read_replaced_and_deleted)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "Books", 0);
    static const struct step steps[] = {
        {"GetResourcePolicy", "{" OF "}",
         "POLICY_NOT_FOUND: Resource-based policy not found for the provided ResourceArn: " ARN},
        {"DeleteResourcePolicy", "{" OF "}", "{}"},
        {"DeleteResourcePolicy", "{" OF ",'ExpectedRevisionId':'17'}",
         "POLICY_NOT_FOUND: The expected RevisionId: 17 did not match the RevisionId of the "
         "policy"},
        {"PutResourcePolicy", "{" OF ",'Policy':'" POLICY("Allow", "GetItem") "'}",
         "{'RevisionId':'1795332846049'}"},
        /* The same again, in other blanks, is no change. */
        {"PutResourcePolicy", "{" OF ",'Policy':'" SPACED "'}", "{'RevisionId':'1795332846049'}"},
        {"GetResourcePolicy", "{" OF "}",
         "{'Policy':'" POLICY("Allow", "GetItem") "','RevisionId':'1795332846049'}"},
        {"PutResourcePolicy",
         "{" OF ",'Policy':'" POLICY("Deny", "GetItem") "','ExpectedRevisionId':'NO_POLICY'}",
         "POLICY_NOT_FOUND ~did not match"},
        {"PutResourcePolicy",
         "{" OF ",'Policy':'" POLICY("Deny", "GetItem") "','ExpectedRevisionId':'1'}",
         "POLICY_NOT_FOUND ~did not match"},
        {"PutResourcePolicy",
         "{" OF ",'Policy':'" POLICY("Deny", "GetItem") "','ExpectedRevisionId':'1795332846049'}",
         "{'RevisionId':'1795332846050'}"},
        {"DeleteResourcePolicy", "{" OF ",'ExpectedRevisionId':'1795332846049'}",
         "POLICY_NOT_FOUND ~did not match"},
        {"DeleteResourcePolicy", "{" OF ",'ExpectedRevisionId':'1795332846050'}",
         "{'RevisionId':'1795332846050'}"},
        {"GetResourcePolicy", "{" OF "}", "POLICY_NOT_FOUND ~not found"},
        {"PutResourcePolicy",
         "{" OF ",'Policy':'" POLICY("Deny", "GetItem") "','ExpectedRevisionId':'NO_POLICY'}",
         "{'RevisionId':'1795332846049'}"},
        {"DeleteTable", "{'TableName':'Books'}", "~TableDescription"},
        {"GetResourcePolicy", "{" OF "}",
         "NOT_FOUND: Requested resource not found: ResourceArn: " ARN " not found"},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}

Test(resource_policy, what_is_wrong_is_refused)
{
    struct fixture *fixture = fixture_open();
    fixture_table(fixture, "Books", 0);
    char *blanks = fixture_long(fixture, 20480);
    memset(blanks, ' ', 20480);
    const struct step steps[] = {
        {"PutResourcePolicy", "{" OF ",'Policy':'{'}",
         "VALIDATION: One or more parameter values were invalid: Invalid policy document: This "
         "policy contains invalid Json"},
        {"PutResourcePolicy", "{" OF ",'Policy':'" POLICY("Allow", "GetItems") "'}",
         "VALIDATION: One or more parameter values were invalid: Invalid policy document: The "
         "following action names are invalid: [dynamodb:GetItems]"},
        {"PutResourcePolicy", fixture_printf(fixture, "{" OF ",'Policy':'{}%s'}", blanks),
         "VALIDATION: One or more parameter values were invalid: Maximum policy size of 20480 "
         "bytes "
         "exceeded"},
        {"PutResourcePolicy", "{'ResourceArn':'Books','Policy':'" POLICY("Deny", "*") "'}",
         "VALIDATION ~ARNs must start with 'arn:': Books"},
        {"PutResourcePolicy",
         "{'ResourceArn':'" ARN "/index/i','Policy':'" POLICY("Deny", "*") "'}",
         "VALIDATION ~only table or stream is accepted"},
        {"PutResourcePolicy",
         "{'ResourceArn':'" ARN
         "/stream/2026-11-22T07:34:06.049','Policy':'" POLICY("Deny", "*") "'}",
         "NOT_FOUND ~stream/2026-11-22T07:34:06.049 not found"},
        {"PutResourcePolicy", "{'ResourceArn':'" ARN "2','Policy':'" POLICY("Deny", "*") "'}",
         "NOT_FOUND ~Books2 not found"},
        {"GetResourcePolicy", "{" OF "}", "POLICY_NOT_FOUND ~not found"},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}

#define CREATE(name, rest)                                                                         \
    "{'TableName':'" name "','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[{"            \
    "'AttributeName':'pk','AttributeType':'S'}],'KeySchema':[{'AttributeName':'pk',"               \
    "'KeyType':'HASH'}]," rest "}"

Test(resource_policy, create_table_takes_a_policy_and_tags)
{
    struct fixture *fixture = fixture_open();
    static const struct step steps[] = {
        {"CreateTable",
         CREATE("Books", "'Tags':[{'Key':'a','Value':'1'},{'Key':'b','Value':''}],"
                         "'ResourcePolicy':'" POLICY("Allow", "GetItem") "'"),
         "~CREATING"},
        {"ListTagsOfResource", "{" OF "}",
         "{'Tags':[{'Key':'a','Value':'1'},{'Key':'b','Value':''}]}"},
        {"GetResourcePolicy", "{" OF "}",
         "{'Policy':'" POLICY("Allow", "GetItem") "','RevisionId':'1795332846049'}"},
        {"CreateTable", CREATE("Second", "'Tags':[]"), "~CREATING"},
        {"ListTagsOfResource",
         "{'ResourceArn':'arn:aws:dynamodb:us-east-1:123456789012:table/Second'}", "{'Tags':[]}"},
        {"CreateTable", CREATE("Third", "'Tags':[{'Key':'aws:x','Value':'1'}]"),
         "VALIDATION: Tag Key cannot be prefixed with aws:, Key: aws:x"},
        {"CreateTable", CREATE("Third", "'ResourcePolicy':'[]'"),
         "VALIDATION: One or more parameter values were invalid: Invalid policy document: This "
         "policy contains invalid Json"},
        {"DescribeTable", "{'TableName':'Third'}", "NOT_FOUND ~Third"},
        {"CreateTable", CREATE("Books", "'Tags':[{'Key':'z','Value':'1'}]"), "IN_USE ~Books"},
        {"ListTagsOfResource", "{" OF "}",
         "{'Tags':[{'Key':'a','Value':'1'},{'Key':'b','Value':''}]}"},
    };
    fixture_script(fixture, steps, ARRAY_COUNT(steps));
    fixture_close(fixture);
}
