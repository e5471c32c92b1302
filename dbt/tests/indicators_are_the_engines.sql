{# SMA, RSI and ATR of bars that Tapedeck made equal what its engine streamed, where the pipeline has these indicators at 1d. A warning and no
   error: the engine streams a value once, and begins a series anew where an earlier recording is played behind a later one. #}
{{ config(severity='warn') }}

WITH ours AS (
  SELECT venue, symbol, source, price_type, bar_start_ns, 'sma(20)' AS name, sma AS computed FROM {{ ref('gold_sma_daily') }}
  UNION ALL
  SELECT venue, symbol, source, price_type, bar_start_ns, 'rsi(14)' AS name, rsi FROM {{ ref('gold_rsi_daily') }}
  UNION ALL
  SELECT venue, symbol, source, price_type, bar_start_ns, 'atr(14)' AS name, atr FROM {{ ref('gold_atr_daily') }}
),

engine AS (
  SELECT venue, symbol, price_type, start_ns AS bar_start_ns, name, {{ adapter.quote('value') }} AS streamed
  FROM {{ bronze('indicators') }} AS indicators
  WHERE {{ adapter.quote('interval') }} = '1d'
)

SELECT engine.venue, engine.symbol, engine.price_type, engine.bar_start_ns, engine.name, engine.streamed, ours.computed
FROM engine
JOIN ours ON {{ same('engine', 'ours', ['venue', 'symbol', 'price_type', 'bar_start_ns', 'name']) }} AND ours.source = 'tapedeck'
WHERE ABS(ours.computed - engine.streamed) > 0.000000001 * GREATEST(ABS(engine.streamed), 1)
