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

/// A message by its places in two buffers, and by the numbers that its header tells; no rows are not told.
typedef struct {
    uint64_t value, key;
    uint32_t value_bytes, key_bytes;
    int64_t offset;
    int32_t index, rows;
} td_kafka_message;

/// A header's name and value: `prefix`, a message's offset, `/`, its index, `suffix`; `/` and its rows. `text` has room for all.
typedef struct {
    const char *name, *prefix, *suffix;
    size_t prefix_bytes, suffix_bytes;
    char *text;
} td_kafka_header;

static inline char *td_kafka_digits(char *end, uint64_t number) {
    do *--end = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return end;
}

static inline size_t td_kafka_header_text(const td_kafka_header *header, const td_kafka_message *message) {
    char digits[40], *end = digits + sizeof(digits);
    char *start = td_kafka_digits(end, (uint32_t)message->index);
    *--start = '/';
    start = td_kafka_digits(start, (uint64_t)message->offset);
    size_t count = (size_t)(end - start);
    char *text = header->text + header->prefix_bytes;
    memcpy(text, start, count);
    memcpy(text + count, header->suffix, header->suffix_bytes);
    size_t bytes = header->prefix_bytes + count + header->suffix_bytes;
    if (message->rows == 0) return bytes;
    start = td_kafka_digits(end, (uint32_t)message->rows);
    *--start = '/';
    memcpy(header->text + bytes, start, (size_t)(end - start));
    return bytes + (size_t)(end - start);
}

/// Queues messages of one topic; their values stay where they are, and must, until they are delivered or given up.
/// Stops at the first error. Returns how many were queued.
static inline size_t td_kafka_send(rd_kafka_t *client, rd_kafka_topic_t *topic, const char *values, const char *keys,
                                   const td_kafka_message *messages, size_t count, const td_kafka_header *header,
                                   rd_kafka_resp_err_t *status) {
    size_t name_bytes = strlen(header->name);
    memcpy(header->text, header->prefix, header->prefix_bytes);
    *status = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (size_t place = 0; place < count; place++) {
        const td_kafka_message *message = messages + place;
        size_t bytes = td_kafka_header_text(header, message);
        rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
        rd_kafka_header_add(headers, header->name, (ssize_t)name_bytes, header->text, (ssize_t)bytes);
        *status = rd_kafka_producev(client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
                                    RD_KAFKA_V_MSGFLAGS(0), RD_KAFKA_V_KEY(keys + message->key, message->key_bytes),
                                    RD_KAFKA_V_VALUE((void *)(values + message->value), message->value_bytes),
                                    RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        if (*status != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_headers_destroy(headers);
            return place;
        }
    }
    return count;
}

/// Lets a broker answer the next request of a kind with an error (or 0) after a time.
static inline void td_kafka_mock_delay(rd_kafka_mock_cluster_t *cluster, int32_t broker, int16_t kind,
                                       rd_kafka_resp_err_t error, int milliseconds) {
    rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, kind, 1, error, milliseconds);
}
