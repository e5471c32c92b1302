{# A quotient; null where there is nothing to divide by. #}
{% macro safe_divide(dividend, divisor) -%}
  ({{ float_of(dividend) }} / NULLIF({{ float_of(divisor) }}, 0))
{%- endmacro %}

{# The whole part of a quotient of whole numbers that are not negative. #}
{% macro whole_divide(dividend, divisor) %}
  {{ return(adapter.dispatch('whole_divide', 'tapedeck')(dividend, divisor)) }}
{% endmacro %}

{% macro default__whole_divide(dividend, divisor) -%} DIV(({{ dividend }}), ({{ divisor }})) {%- endmacro %}
{% macro duckdb__whole_divide(dividend, divisor) -%} (({{ dividend }}) // ({{ divisor }})) {%- endmacro %}
{% macro postgres__whole_divide(dividend, divisor) -%} (({{ dividend }}) / ({{ divisor }})) {%- endmacro %}
{% macro clickhouse__whole_divide(dividend, divisor) -%} intDiv({{ dividend }}, {{ divisor }}) {%- endmacro %}

{# The standard deviation of a sample; null of a single value. #}
{% macro deviation(value) %}
  {{ return(adapter.dispatch('deviation', 'tapedeck')(value)) }}
{% endmacro %}

{% macro default__deviation(value) -%} STDDEV_SAMP({{ value }}) {%- endmacro %}

{# ClickHouse's usual one loses digits of prices that hardly move, and says that a single value has no number. #}
{% macro clickhouse__deviation(value) -%} if(count({{ value }}) < 2, NULL, stddevSampStable({{ value }})) {%- endmacro %}

{# The value below which a share of the values lies, between two of them where need be. #}
{% macro percentile(value, share) %}
  {{ return(adapter.dispatch('percentile', 'tapedeck')(value, share)) }}
{% endmacro %}

{% macro duckdb__percentile(value, share) -%} QUANTILE_CONT({{ value }}, {{ share }}) {%- endmacro %}
{% macro postgres__percentile(value, share) -%} PERCENTILE_CONT({{ share }}) WITHIN GROUP (ORDER BY {{ value }}) {%- endmacro %}
{# Of a group BigQuery has approximate ones only. #}
{% macro bigquery__percentile(value, share) -%} APPROX_QUANTILES({{ value }}, 1000)[OFFSET({{ (share * 1000) | int }})] {%- endmacro %}
{% macro clickhouse__percentile(value, share) -%} quantileExactInclusive({{ share }})({{ value }}) {%- endmacro %}

{# The value of the row before; null in the first. #}
{% macro previous(value, partition, order) %}
  {{ return(adapter.dispatch('previous', 'tapedeck')(value, partition, order)) }}
{% endmacro %}

{% macro default__previous(value, partition, order) -%}
  LAG({{ value }}) OVER (PARTITION BY {{ partition }} ORDER BY {{ order }})
{%- endmacro %}

{% macro clickhouse__previous(value, partition, order) -%}
  lagInFrame(toNullable({{ value }})) OVER (PARTITION BY {{ partition }} ORDER BY {{ order }} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
{%- endmacro %}
