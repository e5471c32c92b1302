{{ config(materialized='table') }}

WITH candles AS (
  SELECT {{ series() | join(', ') }}, bar_interval, {{ adapter.quote('close') }},
    {#- In the order of letters `1m` is behind `1h`: a series with minutes is told by them. #}
    MAX(bar_interval) OVER (PARTITION BY {{ series() | join(', ') }}) AS shortest_interval
  FROM {{ ref('gold_candlestick') }}
),

prices AS (
  SELECT {{ series() | join(', ') }}, bar_interval, COUNT(*) AS candles, AVG({{ adapter.quote('close') }}) AS average_price,
    {{ deviation(adapter.quote('close')) }} AS volatility
  FROM candles
  WHERE bar_interval = shortest_interval
  GROUP BY {{ series() | join(', ') }}, bar_interval
)

SELECT {{ series() | join(', ') }}, bar_interval, candles, average_price, volatility,
  100 * {{ safe_divide('volatility', 'average_price') }} AS relative_volatility
FROM prices
