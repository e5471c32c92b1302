{# Times are nanoseconds since 1970 UTC. Stretches of time are computed with these, so that no session's time zone has a say. #}

{# The start of the stretch of `length_ns` that a time lies in, also before 1970. #}
{% macro floor_ns(time_ns, length_ns) -%}
  ({{ time_ns }} - MOD(MOD({{ time_ns }}, {{ length_ns }}) + {{ length_ns }}, {{ length_ns }}))
{%- endmacro %}

{% macro minute_ns() %}{{ return(60000000000) }}{% endmacro %}
{% macro hour_ns() %}{{ return(3600000000000) }}{% endmacro %}
{% macro day_ns() %}{{ return(86400000000000) }}{% endmacro %}

{# Nanoseconds as a timestamp, which has microseconds. #}
{% macro timestamp_of(time_ns) %}
  {{ return(adapter.dispatch('timestamp_of', 'tapedeck')(time_ns)) }}
{% endmacro %}

{% macro duckdb__timestamp_of(time_ns) -%}
  (make_timestamp({{ floor_ns(time_ns, 1000) }} // 1000) AT TIME ZONE 'UTC')
{%- endmacro %}

{% macro postgres__timestamp_of(time_ns) -%}
  (TIMESTAMPTZ '1970-01-01 00:00:00Z' + ({{ floor_ns(time_ns, 1000) }} / 1000) * INTERVAL '1 microsecond')
{%- endmacro %}

{% macro bigquery__timestamp_of(time_ns) -%}
  TIMESTAMP_MICROS(DIV({{ floor_ns(time_ns, 1000) }}, 1000))
{%- endmacro %}

{% macro clickhouse__timestamp_of(time_ns) -%}
  fromUnixTimestamp64Micro(intDiv({{ floor_ns(time_ns, 1000) }}, 1000), 'UTC')
{%- endmacro %}

{# The UTC day of a time. #}
{% macro date_of(time_ns) %}
  {{ return(adapter.dispatch('date_of', 'tapedeck')(time_ns)) }}
{% endmacro %}

{% macro duckdb__date_of(time_ns) -%}
  (DATE '1970-01-01' + CAST({{ floor_ns(time_ns, day_ns()) }} // {{ day_ns() }} AS INTEGER))
{%- endmacro %}

{% macro postgres__date_of(time_ns) -%}
  (DATE '1970-01-01' + CAST({{ floor_ns(time_ns, day_ns()) }} / {{ day_ns() }} AS INTEGER))
{%- endmacro %}

{% macro bigquery__date_of(time_ns) -%}
  DATE_ADD(DATE '1970-01-01', INTERVAL DIV({{ floor_ns(time_ns, day_ns()) }}, {{ day_ns() }}) DAY)
{%- endmacro %}

{% macro clickhouse__date_of(time_ns) -%}
  addDays(toDate32('1970-01-01'), intDiv({{ floor_ns(time_ns, day_ns()) }}, {{ day_ns() }}))
{%- endmacro %}
