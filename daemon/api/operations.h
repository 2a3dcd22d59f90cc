/* The operations, one definition in each file of the family. */
#pragma once

#include "daemon/api/operation.h"

extern const struct operation operation_batch_execute_statement, operation_batch_get_item,
    operation_batch_write_item, operation_create_backup, operation_create_global_table,
    operation_create_table, operation_delete_backup, operation_delete_item, operation_delete_table,
    operation_describe_backup, operation_describe_continuous_backups,
    operation_describe_contributor_insights, operation_describe_endpoints,
    operation_describe_export, operation_describe_global_table,
    operation_describe_global_table_settings, operation_describe_import,
    operation_describe_kinesis_streaming_destination, operation_describe_limits,
    operation_describe_stream, operation_describe_table,
    operation_describe_table_replica_auto_scaling, operation_describe_time_to_live,
    operation_disable_kinesis_streaming_destination, operation_enable_kinesis_streaming_destination,
    operation_execute_statement, operation_execute_transaction,
    operation_export_table_to_point_in_time, operation_get_item, operation_get_records,
    operation_get_shard_iterator, operation_import_table, operation_list_backups,
    operation_list_contributor_insights, operation_list_exports, operation_list_global_tables,
    operation_list_imports, operation_list_streams, operation_list_tables,
    operation_list_tags_of_resource, operation_put_item, operation_query,
    operation_restore_table_from_backup, operation_restore_table_to_point_in_time, operation_scan,
    operation_search_vectors, operation_tag_resource, operation_transact_get_items,
    operation_transact_write_items, operation_untag_resource, operation_update_continuous_backups,
    operation_update_contributor_insights, operation_update_global_table,
    operation_update_global_table_settings, operation_update_item,
    operation_update_kinesis_streaming_destination, operation_update_table,
    operation_update_table_replica_auto_scaling, operation_update_time_to_live;

extern const struct operation operation_delete_resource_policy, operation_get_resource_policy,
    operation_put_resource_policy;
