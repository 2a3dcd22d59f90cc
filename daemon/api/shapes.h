/* The inputs of the served operations, as the service model has them (constant tables). */
#pragma once

#include "daemon/api/validate.h"
#include "proto/base/limits.h"

extern const struct shape shape_put_item, shape_get_item, shape_update_item, shape_delete_item;
extern const struct shape shape_query, shape_scan;
extern const struct shape shape_batch_get_item, shape_batch_write_item;
extern const struct shape shape_create_table, shape_update_table;
extern const struct shape shape_describe_table, shape_delete_table, shape_list_tables;
extern const struct shape shape_describe_time_to_live, shape_describe_continuous_backups;
extern const struct shape shape_list_tags_of_resource, shape_no_input;

/* Shared by both files of tables. */
extern const struct shape shape_any_string, shape_any_boolean, shape_table_name;

/* [a-zA-Z0-9_.-]+ */
bool shape_is_name(struct slice text);
/* The same, or something that begins as an ARN does. */
bool shape_is_name_or_arn(struct slice text);

/* For tables of members. */
#define SHAPE_MEMBERS(array) .members = (array), .members_count = ARRAY_COUNT(array)
#define SHAPE_NAME(text) .name = (text), .name_size = sizeof(text) - 1
#define MEMBER(member, its_shape)                                                                  \
    {                                                                                              \
        SHAPE_NAME(member), .shape = (its_shape)                                                   \
    }
#define REQUIRED(member, its_shape)                                                                \
    {                                                                                              \
        SHAPE_NAME(member), .shape = (its_shape), .required = true                                 \
    }
#define SERVED_IF(member, its_shape, test)                                                         \
    {                                                                                              \
        SHAPE_NAME(member), .shape = (its_shape), .serves = (test)                                 \
    }
#define UNSERVED(member)                                                                           \
    {                                                                                              \
        SHAPE_NAME(member)                                                                         \
    }
