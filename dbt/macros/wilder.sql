{# Wilder's averages of values of daily bars, as the engine streams them: the first is the mean of the first `length` values and belongs to
   bar `length` + 1; each later one is the one before times (length - 1) / length, plus the value / length.

   Written out, an average is a sum of all values before with weights that fall by that factor from bar to bar: so within a block of bars it
   follows from the average before the block and a running sum of values that are divided by their weights. Blocks are so short that no
   weight leaves the range of numbers; no value is negative, so that nothing cancels out. Only from block to block there is a recursion,
   of which databases allow a few hundred steps: with 250 bars a block these are centuries.

   A model that goes on begins at the last end of a block before the first bar that is new or was corrected. What it needs from there
   stands in the model's own row of that bar: its number and the averages. So it computes what a full refresh computes.

   `inputs` are SQL expressions of `high`, `low`, `close` and `previous_close` by the name of their average. The macro makes tables for a
   WITH RECURSIVE; the last, `averages`, has the series, `bar_start_ns`, `close`, `bar_number`, `journal_offset` (the highest so far) and
   the averages. #}
{% macro wilder(length, inputs) %}
{%- set key = series() -%}
{%- set block = 250 -%}
{%- set growth = '(' ~ float_of(length) ~ ' / ' ~ (length - 1) ~ ')' -%}
{%- set decay = '(' ~ float_of(length - 1) ~ ' / ' ~ length ~ ')' -%}
{%- set place_in_series = 'ROW_NUMBER() OVER (PARTITION BY ' ~ of('daily', key) ~ ' ORDER BY daily.bar_start_ns)' -%}
{%- if resumes() -%}
changed AS (
  SELECT {{ key | join(', ') }}, MIN(bar_start_ns) AS changed_from_ns
  FROM ({{ unseen(ref('gold_ohlc_daily'), key) }}) AS fresh
  GROUP BY {{ key | join(', ') }}
),

block_ends AS (
  SELECT {{ chosen('done', key + ['bar_start_ns', 'bar_number', 'journal_offset'] + inputs | list) }},
    ROW_NUMBER() OVER (PARTITION BY {{ of('done', key) }} ORDER BY done.bar_start_ns DESC) AS recency
  FROM {{ this }} AS done
  JOIN changed ON {{ same('done', 'changed', key) }}
  WHERE done.bar_start_ns < changed.changed_from_ns AND MOD(done.bar_number - {{ length + 1 }}, {{ block }}) = 0
),

resumed AS (SELECT * FROM block_ends WHERE recency = 1),

bars AS (
  SELECT {{ chosen('daily', key + ['bar_start_ns', 'high', 'low', 'close']) }},
    COALESCE(resumed.bar_number, 1) AS first_number,
    COALESCE(resumed.bar_number, 1) - 1 + {{ int_of(place_in_series) }} AS bar_number,
    CASE WHEN daily.bar_start_ns = resumed.bar_start_ns THEN resumed.journal_offset ELSE daily.journal_offset END AS journal_offset
  FROM {{ ref('gold_ohlc_daily') }} AS daily
  JOIN changed ON {{ same('daily', 'changed', key) }}
  LEFT JOIN resumed ON {{ same('daily', 'resumed', key) }}
  WHERE resumed.bar_start_ns IS NULL OR daily.bar_start_ns >= resumed.bar_start_ns
),
{%- else -%}
bars AS (
  SELECT {{ chosen('daily', key + ['bar_start_ns', 'high', 'low', 'close']) }},
    {{ int_of(1) }} AS first_number,
    {{ int_of(place_in_series) }} AS bar_number,
    daily.journal_offset
  FROM {{ ref('gold_ohlc_daily') }} AS daily
),
{%- endif %}

pairs AS (
  SELECT {{ key | join(', ') }}, bar_start_ns, high, low, close, first_number, bar_number,
    {{ previous('close', key | join(', '), 'bar_start_ns') }} AS previous_close,
    MAX(journal_offset) OVER (PARTITION BY {{ key | join(', ') }} ORDER BY bar_start_ns ROWS UNBOUNDED PRECEDING) AS journal_offset
  FROM bars
),

inputs AS (
  SELECT {{ key | join(', ') }}, bar_start_ns, close, bar_number, journal_offset
    {%- for name, value in inputs.items() %},
    {{ value }} AS {{ name }}
    {%- endfor %}
  FROM pairs
  WHERE bar_number > first_number
),

means AS (
  SELECT {{ key | join(', ') }}{% for name in inputs %}, AVG({{ name }}) AS {{ name }}{% endfor %}
  FROM inputs
  WHERE bar_number <= {{ length + 1 }}
  GROUP BY {{ key | join(', ') }}
  HAVING COUNT(*) = {{ length }}
),

places AS (
  SELECT inputs.*, {{ whole_divide('bar_number - ' ~ (length + 2), block) }} AS block_number,
    MOD(bar_number - {{ length + 2 }}, {{ block }}) + 1 AS place
  FROM inputs
  WHERE bar_number > {{ length + 1 }}
),

sums AS (
  SELECT {{ key | join(', ') }}, bar_start_ns, close, bar_number, journal_offset, block_number, place
    {%- for name in inputs %},
    SUM({{ name }} * POWER({{ growth }}, {{ float_of('place') }})) OVER (
      PARTITION BY {{ key | join(', ') }}, block_number ORDER BY place ROWS UNBOUNDED PRECEDING) AS {{ name }}
    {%- endfor %}
  FROM places
),

seeds AS (
  SELECT {{ key | join(', ') }}, {{ int_of(0) }} AS block_number, {{ inputs | join(', ') }} FROM means
  {%- if resumes() %}
  UNION ALL
  SELECT {{ key | join(', ') }}, {{ whole_divide('bar_number - ' ~ (length + 1), block) }} AS block_number, {{ inputs | join(', ') }} FROM resumed
  {%- endif %}
),

blocks AS (
  SELECT {{ key | join(', ') }}, block_number, {{ inputs | join(', ') }} FROM seeds
  UNION ALL
  SELECT {{ chosen('blocks', key) }}, blocks.block_number + 1 AS block_number
    {%- for name in inputs %},
    POWER({{ decay }}, {{ block }}) * (blocks.{{ name }} + sums.{{ name }} / {{ length }}) AS {{ name }}
    {%- endfor %}
  FROM blocks
  JOIN sums ON {{ same('blocks', 'sums', key) }} AND blocks.block_number = sums.block_number AND sums.place = {{ block }}
),

averages AS (
  SELECT {{ chosen('inputs', key + ['bar_start_ns', 'close', 'bar_number', 'journal_offset']) }}, {{ chosen('means', inputs) }}
  FROM inputs
  JOIN means ON {{ same('inputs', 'means', key) }}
  WHERE inputs.bar_number = {{ length + 1 }}
  UNION ALL
  SELECT {{ chosen('sums', key + ['bar_start_ns', 'close', 'bar_number', 'journal_offset']) }}
    {%- for name in inputs %},
    POWER({{ decay }}, {{ float_of('sums.place') }}) * (blocks.{{ name }} + sums.{{ name }} / {{ length }}) AS {{ name }}
    {%- endfor %}
  FROM sums
  JOIN blocks ON {{ same('sums', 'blocks', key) }} AND sums.block_number = blocks.block_number
)
{%- endmacro %}
