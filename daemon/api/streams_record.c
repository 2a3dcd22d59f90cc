#include "daemon/api/streams_record.h"

#include "daemon/api/streams_arn.h"
#include "proto/value/value_json.h"

#include <inttypes.h>

/* splitmix64's last step: a bijection, so that different numbers stay different. */
static uint64_t streams_record_mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* A seq names one change of this folder's life, and no other life of it has the same incarnation:
 * so the id is the same whenever the record is read, and no other record's. */
static void streams_record_id(struct buffer *to, const struct store *store, uint64_t seq)
{
    uint64_t whose = (uint64_t)store->region_id << 32 | store->incarnation;
    uint64_t low = streams_record_mix(seq + UINT64_C(0x9e3779b97f4a7c15));
    uint64_t high = streams_record_mix(whose ^ streams_record_mix(low));
    buffer_printf(to, "\"eventID\":\"%016" PRIx64 "%016" PRIx64 "\"", high, low);
}

void streams_record_write(struct buffer *to,
                          const struct node *node,
                          enum stream_view view,
                          const struct stream_record *record)
{
    static const char *const events[] = {
        [STREAM_INSERT] = "INSERT",
        [STREAM_MODIFY] = "MODIFY",
        [STREAM_REMOVE] = "REMOVE",
    };
    char number[STREAMS_SEQUENCE_BYTES];
    size_t bytes = item_size(record->key);
    buffer_append_byte(to, '{');
    streams_record_id(to, node->store, record->seq);
    buffer_printf(to,
                  ",\"eventName\":\"%s\",\"eventVersion\":\"1.1\",\"eventSource\":\"aws:dynamodb\","
                  "\"awsRegion\":\"%s\",\"dynamodb\":{\"ApproximateCreationDateTime\":%" PRIu64
                  ",\"Keys\":",
                  events[record->event], node->region, record->time_ms / 1000);
    item_write_json(to, record->key);
    if (record->new_image.size > 0) {
        buffer_append_text(to, ",\"NewImage\":");
        item_write_json(to, record->new_image);
        bytes += item_size(record->new_image);
    }
    if (record->old_image.size > 0) {
        buffer_append_text(to, ",\"OldImage\":");
        item_write_json(to, record->old_image);
        bytes += item_size(record->old_image);
    }
    streams_sequence_print(record->seq, number);
    buffer_printf(to, ",\"SequenceNumber\":\"%s\",\"SizeBytes\":%zu,\"StreamViewType\":\"%s\"}",
                  number, bytes, streams_view_name(view));
    if (record->by_ttl) {
        buffer_append_text(to, ",\"userIdentity\":{\"PrincipalId\":\"dynamodb.amazonaws.com\","
                               "\"Type\":\"Service\"}");
    }
    buffer_append_byte(to, '}');
}
