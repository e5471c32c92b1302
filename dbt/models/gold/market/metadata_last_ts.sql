{{ config(materialized='view') }}

SELECT 'bars' AS table_name, venue, symbol, MAX(bar_start) AS last_ts, MAX(journal_offset) AS journal_offset, COUNT(*) AS row_count
FROM {{ ref('silver_bars') }}
GROUP BY venue, symbol
UNION ALL
SELECT 'quote_snapshots' AS table_name, venue, symbol, MAX(fetched_at), MAX(journal_offset), COUNT(*)
FROM {{ ref('silver_quotes') }}
GROUP BY venue, symbol
UNION ALL
SELECT 'transactions' AS table_name, exchange, symbol, MAX(event_time), MAX(journal_offset), COUNT(*)
FROM {{ ref('silver_transactions') }}
GROUP BY exchange, symbol
