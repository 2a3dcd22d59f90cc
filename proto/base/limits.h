/* Every limit has a name here and is checked where data enters.
 * Sources: DynamoDB's documented limits (the comment names the message) and our own bounds. */
#pragma once

enum {
    /* DynamoDB's. */
    ITEM_BYTES_MAX = 409600, /* "Item size has exceeded the maximum allowed size" */
    PARTITION_KEY_BYTES_MAX = 2048,
    SORT_KEY_BYTES_MAX = 1024,
    ATTRIBUTE_NAME_BYTES_MAX = 65535,
    KEY_NAME_BYTES_MAX = 255,
    VALUE_DEPTH_MAX = 32, /* The attribute itself is level 1. */
    TABLE_NAME_BYTES_MIN = 3,
    TABLE_NAME_BYTES_MAX = 255,
    EXPRESSION_BYTES_MAX = 4096,
    EXPRESSION_OPERATORS_MAX = 300,
    EXPRESSION_IN_OPERANDS_MAX = 100,
    EXPRESSION_PATH_DEPTH_MAX = 32,
    EXPRESSION_PROGRAMS_MAX = 65536, /* Of one cache. */
    EXPRESSION_CACHE_BYTES_MAX = 32 << 20,
    EXPRESSION_CACHED_BYTES_MAX = 1 << 20, /* A larger program serves its own request only. */
    PLACEHOLDER_BYTES_MAX = 255,           /* With its # or : */
    PLACEHOLDERS_BYTES_MAX = 2 << 20,      /* Names and values of one request together. */
    PAGE_BYTES_MAX = 1 << 20,              /* Item bytes a Query or Scan evaluates per page. */
    BATCH_GET_KEYS_MAX = 100,
    BATCH_GET_BYTES_MAX = 16 << 20,
    BATCH_GET_ANSWER_BYTES_MAX = 32
                                 << 20, /* Of JSON; what does not fit comes back as unprocessed. */
    BATCH_WRITE_REQUESTS_MAX = 25,
    SCAN_SEGMENTS_MAX = 1000000,
    TABLES_MAX = 2500,
    TABLE_LOCAL_INDEXES_MAX = 5,
    TABLE_GLOBAL_INDEXES_MAX = 20,
    TABLE_INDEXES_MAX = TABLE_LOCAL_INDEXES_MAX + TABLE_GLOBAL_INDEXES_MAX,
    INDEX_NAME_BYTES_MAX = 255,
    INDEX_NON_KEY_MAX = 20, /* NonKeyAttributes of one index. */
    TABLE_NON_KEY_MAX = 100,
    TABLE_ATTRIBUTES_MAX = 2 + TABLE_LOCAL_INDEXES_MAX + 8 * TABLE_GLOBAL_INDEXES_MAX,
    TABLE_KMS_KEY_BYTES_MAX = 2048,
    TTL_NAME_BYTES_MAX = 255,
    STREAM_RECORDS_MAX = 1000,              /* Of one GetRecords. */
    STREAM_PAGE_BYTES_MAX = 1 << 20,        /* The same. */
    TTL_PAST_SECONDS_MAX = 5 * 365 * 86400, /* What expired earlier is left alone. */
    TTL_CHANGE_SECONDS = 1800, /* Between two changes of a table's time to live, by default. */
    TTL_CHANGE_SECONDS_MAX = 86400,
    TABLE_TAGS_MAX = 50,
    TABLE_POLICY_BYTES_MAX = 20480,
    POLICY_STATEMENTS_MAX = 100,
    POLICY_CONDITIONS_MAX = 100,  /* Of one statement. */
    POLICY_TEXT_BYTES_MAX = 2048, /* One action, resource or value; a partition key is as long. */
    SETTING_BYTES_MAX = 128 << 10,
    TRANSACTION_ITEMS_MAX = 100,
    TRANSACTION_BYTES_MAX = 4 << 20,
    /* An encoded item is at most so many times what DynamoDB counts, and IMAGE_MORE_BYTES_MAX. */
    IMAGE_GROWTH_MAX = 3,
    IMAGE_MORE_BYTES_MAX = 256,
    TRANSACTION_TOKEN_BYTES_MAX = 36,
    TRANSACTION_TOKEN_MS = 600000, /* A ClientRequestToken is remembered this long. */
    STATEMENT_BYTES_MAX = 8192,    /* PartiQL. */
    BATCH_STATEMENTS_MAX = 25,
    LIST_TABLES_MAX = 100,
    STREAM_LIST_MAX = 100,                  /* Streams of an answer; shards likewise. */
    STREAM_RECORDS_LOOP_MAX = 64,           /* Read on a loop; more of them on a worker. */
    STREAM_PAGE_LOOP_BYTES_MAX = 128 << 10, /* Likewise. */
    STREAM_ITERATOR_MS = 900000,            /* An iterator is good for 15 minutes. */
    STREAMS_METERED_MAX = 1024,
    DECIMAL_DIGITS_MAX = 38,
    DECIMAL_EXPONENT_MAX = 125, /* Of the first significant digit: 9.99E+125 */
    DECIMAL_EXPONENT_MIN = -130,

    THROTTLE_BURST_SECONDS = 300, /* Unused capacity that is kept, and the most that is owed. */
    THROTTLE_START_SECONDS = 1,   /* Capacity of a table that was just made or met. */

    /* HTTP (API reference, section 1). */
    HTTP_BODY_BYTES_MAX = 16 << 20,
    HTTP_BODIES_BYTES_MAX = 256 << 20, /* Of one listener's requests under way: past it, 503. */
    HTTP_HEADER_BYTES_MAX = 16 << 10,
    HTTP_HEADERS_MAX = 64,
    HTTP_GZIP_BYTES_MIN = 1024,          /* Shorter answers are not compressed. */
    HTTP_GZIP_LOOP_BYTES_MAX = 32 << 10, /* Longer ones are compressed on a worker. */
    JSON_DEPTH_MAX = 128,                /* Of the whole document; values have VALUE_DEPTH_MAX. */

    HTTP_SLOTS_KEPT_MAX = 128,     /* Read buffers with arenas that a server keeps for reuse. */
    HTTP_CALLS_BLOCKED_MAX = 1024, /* Calls of one loop on workers: past it, throttle. */
    HTTP_CALLS_PARKED_MAX = 1024,  /* Long polls of one loop that wait: past it, answer at once. */
    HTTP_POLL_RUNS_MAX = 64,       /* A long poll looks so often, then it is answered. */
    HTTP_UNSIGNED_JSON_BYTES_MAX = 1 << 20, /* Longer bodies are parsed only once authenticated. */
    SIGV4_SIGNING_KEYS = 256,               /* Cached per loop; a power of two. */
    SIGV4_QUERY_PARAMETERS_MAX = 64,
    HTTP_PROGRAMS_MAX = 1024,        /* Compiled expressions that a loop keeps. */
    CREDENTIALS_BYTES_MAX = 1 << 20, /* A credentials file. */
    AUTHORIZER_POLICIES = 256,       /* Of tables, compiled, that a loop keeps. */
    ACCESS_KEYS_MAX = 1000,          /* Of the catalog. */
    ACCESS_ID_BYTES_MAX = 128,
    ACCESS_USER_BYTES_MAX = 64,
    CREDENTIAL_FIELD_BYTES_MAX = 4096, /* A session token is the longest. */
    HTTP_CONNECTIONS_MAX = 16384,      /* Of the DynamoDB endpoint, all loops together. */
    HTTP_IDLE_MS = 120000,             /* A connection without a request. */
    HTTP_HEADER_MS = 15000,            /* From a request's first byte to the end of its head. */
    HTTP_BODY_MS = 60000,              /* From there to the end of its body. */
    ADMIN_CONNECTIONS_MAX = 256,
    ADMIN_CONFLICTS_MAX = 10000, /* Entries of one answer. */
    NODE_DRAIN_MS = 10000,       /* Running requests have this long to finish. */
    PEER_HEARTBEAT_MS = 500,
    TTL_BACKUP_MS = 10000, /* Later than the member before it a replica deletes expired items. */

    /* Ours. */
    REGIONS_MAX = 32,
    REGION_NAME_BYTES_MAX = 32,
    LATCHES = 4096,                   /* Row latches; a power of two. */
    WRITES_PENDING_MAX = 65536,       /* Appended and waiting for the sync: past it, throttle. */
    PEER_FRAME_BYTES_MAX = 2 << 20,   /* One sealed frame: a batch always holds one 400 KB item. */
    PEER_BATCH_BYTES_MAX = 256 << 10, /* Target size of a batch before compression. */
    PEER_BATCH_RECORDS_MAX = 1024,
    PEER_PART_BYTES_MAX =
        512 << 10, /* A batch grows so far to end a transaction; then it is cut. */
    PEER_GROUP_BYTES_MAX = 16 << 20,  /* Records of one transaction in parts, at the receiver. */
    PEER_CREDIT_BYTES_MAX = 8 << 20,  /* Unacknowledged bytes in flight to one peer. */
    PEER_IMAGE_BYTES_MAX = 1 << 20,   /* An encoded item; ours is wider than DynamoDB's count. */
    PEER_KEY_BYTES_MAX = 4096,        /* Image of the key attributes alone. */
    PEER_RAW_BYTES_MAX = 2 << 20,     /* Records of a batch, decompressed. */
    PEER_DECODED_BYTES_MAX = 8 << 20, /* Memory one message may take while it is decoded. */
    PEER_TABLE_ATTRIBUTES_MAX = TABLE_ATTRIBUTES_MAX, /* Of one table, as the catalog has it. */
    PEER_KEY_PARTS_MAX = 4,                           /* Attributes of each part of an index key. */
    PEER_TEXT_BYTES_MAX = 1024,                       /* Refusals and reasons. */
    PEER_UNACKED_BATCHES_MAX = 512,    /* Applied, not yet durable; past it they are joined. */
    CLOCK_AHEAD_MS_MAX = 60000,        /* A peer's stamp drags our clock at most this far ahead. */
    CONFLICT_SKEW_MS = 1000,           /* A winner this far ahead of our clock: reason CLOCK. */
    PAGE_LOOP_ROWS = 64,               /* Rows one page may look at on a loop; then a worker. */
    PAGE_LOOP_EFFORT = 4 << 20,        /* Bytes its filter may look at there. */
    PAGE_EFFORT_MAX = 512 << 20,       /* And at all: then the page ends. */
    PAGE_FETCHED_BYTES_MAX = 16 << 20, /* Items read behind the rows of a local index: then too. */
    PAGE_ROWS_MAX = 100000,            /* Rows one page looks at, deleted ones included. */
    STREAMS_MAX = 10000,               /* Enabled ones and those that have not expired. */
    STREAM_SHARDS_MAX = 64,            /* Open ones of a stream. */
    STREAM_SHARDS_KEPT_MAX = 4096,     /* Of a stream, with those that have not expired. */
};
