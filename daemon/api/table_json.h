/* TableDescription, as CreateTable, DescribeTable, DeleteTable and UpdateTable answer it
 * (dynamodb-features.md 1.3 to 1.5, 7.4), and what else is said about a table's place. */
#pragma once

#include "daemon/api/request.h"

enum table_json_form {
    TABLE_JSON_DESCRIBED, /* Everything. */
    TABLE_JSON_CREATED,   /* Without what turns up later: warm throughput unless asked for,
                           * the time of the billing mode; global indexes CREATING. */
    TABLE_JSON_DELETED,   /* Without the schema. */
    TABLE_JSON_WARMED,    /* Everything; warm throughput is being raised. */
    TABLE_JSON_JOINED,    /* With the members of a global table even while there is none. */
};

/* Refuse a change while another one runs. Errors: IN_USE. */
MUST_CHECK bool table_json_idle(const struct table *table, struct error *err);

/* What DescribeTable shows. */
enum table_status table_json_status(const struct table *table);

/* Append the object. `status` is what to show, not always what is stored. */
void table_json_write(struct call *call,
                      const struct table *table,
                      enum table_json_form form,
                      enum table_status status);
/* The same while global indexes change their throughput: `updating` has bit i set for those of
 * table->indexes that do. */
void table_json_write_updating(struct call *call, const struct table *table, uint32_t updating);
/* Append "arn:aws:dynamodb:<region>:<account>:table/<name>" with its quotes. */
void table_json_write_arn(struct buffer *to, const struct node *node, struct slice name);
