{{ config(unique_key='operation_id') }}

WITH unseen AS (
  {{ unseen(bronze('transactions'), ['exchange', 'symbol']) }}
),

ranked AS (
  SELECT unseen.*, ROW_NUMBER() OVER (PARTITION BY operation_id ORDER BY journal_offset, frame_index) AS appearance
  FROM unseen
)

SELECT operation_id, person_name, symbol, exchange, {{ timestamp_of('event_time_ns') }} AS event_time, event_time_ns, currency, price, operation,
  journal_offset
FROM ranked
WHERE appearance = 1
