/* The inputs of the operations. Written by `generate` from the service model: change that, not
 * this. */
#pragma once

#include "daemon/api/validate.h"

extern const struct shape shape_batch_execute_statement, shape_batch_get_item,
    shape_batch_write_item, shape_create_backup, shape_create_global_table, shape_create_table,
    shape_delete_backup, shape_delete_item, shape_delete_resource_policy, shape_delete_table,
    shape_describe_backup, shape_describe_continuous_backups, shape_describe_contributor_insights,
    shape_describe_endpoints, shape_describe_export, shape_describe_global_table,
    shape_describe_global_table_settings, shape_describe_import,
    shape_describe_kinesis_streaming_destination, shape_describe_limits, shape_describe_stream,
    shape_describe_table, shape_describe_table_replica_auto_scaling, shape_describe_time_to_live,
    shape_disable_kinesis_streaming_destination, shape_enable_kinesis_streaming_destination,
    shape_execute_statement, shape_execute_transaction, shape_export_table_to_point_in_time,
    shape_get_item, shape_get_records, shape_get_resource_policy, shape_get_shard_iterator,
    shape_import_table, shape_list_backups, shape_list_contributor_insights, shape_list_exports,
    shape_list_global_tables, shape_list_imports, shape_list_streams, shape_list_tables,
    shape_list_tags_of_resource, shape_put_item, shape_put_resource_policy, shape_query,
    shape_restore_table_from_backup, shape_restore_table_to_point_in_time, shape_scan,
    shape_search_vectors, shape_tag_resource, shape_transact_get_items, shape_transact_write_items,
    shape_untag_resource, shape_update_continuous_backups, shape_update_contributor_insights,
    shape_update_global_table, shape_update_global_table_settings, shape_update_item,
    shape_update_kinesis_streaming_destination, shape_update_table,
    shape_update_table_replica_auto_scaling, shape_update_time_to_live;
