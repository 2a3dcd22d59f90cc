/* The operations, one definition in each file of the family. */
#pragma once

#include "daemon/api/operation.h"

extern const struct operation operation_put_item, operation_get_item, operation_update_item,
    operation_delete_item, operation_query, operation_scan, operation_batch_get_item,
    operation_batch_write_item, operation_create_table, operation_describe_table,
    operation_list_tables, operation_delete_table, operation_update_table,
    operation_describe_endpoints, operation_describe_limits, operation_describe_time_to_live,
    operation_describe_continuous_backups, operation_list_tags_of_resource,
    operation_execute_statement;
