// librdkafka with its mock cluster, and functions for what Swift cannot import: variadic calls and casting macros.
#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <string.h>

/// Puts a copy of a message into the producer's queue. A value of NULL makes a tombstone; a time of 0 is now.
static inline rd_kafka_resp_err_t td_kafka_produce(rd_kafka_t *client, const char *topic, int32_t partition,
                                                   const void *key, size_t key_bytes, const void *value,
                                                   size_t value_bytes, int64_t time_ms) {
    return rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_bytes),
                             RD_KAFKA_V_VALUE((void *)value, value_bytes), RD_KAFKA_V_TIMESTAMP(time_ms),
                             RD_KAFKA_V_END);
}

/// Gives an entry a copy of metadata; the list frees it.
static inline void td_kafka_set_metadata(rd_kafka_topic_partition_t *entry, const char *text) {
    entry->metadata = strdup(text);
    entry->metadata_size = strlen(text);
}
