{# What databases call the types of docs/reference/tables.md. #}
{% macro type_of(kind) %}
  {{ return(adapter.dispatch('type_of', 'tapedeck')(kind)) }}
{% endmacro %}

{% macro default__type_of(kind) %}
  {{ return({'string': 'varchar', 'timestamp': 'timestamp with time zone', 'int64': 'bigint', 'int32': 'integer', 'float64': 'double precision',
             'boolean': 'boolean', 'date': 'date', 'decimal': 'numeric(18, 8)'}[kind]) }}
{% endmacro %}

{% macro bigquery__type_of(kind) %}
  {{ return({'string': 'string', 'timestamp': 'timestamp', 'int64': 'int64', 'int32': 'int64', 'float64': 'float64', 'boolean': 'bool', 'date': 'date',
             'decimal': 'numeric'}[kind]) }}
{% endmacro %}

{% macro clickhouse__type_of(kind) %}
  {{ return({'string': 'String', 'timestamp': "DateTime64(6, 'UTC')", 'int64': 'Int64', 'int32': 'Int32', 'float64': 'Float64', 'boolean': 'Bool',
             'date': 'Date32', 'decimal': 'Decimal(18, 8)'}[kind]) }}
{% endmacro %}

{# Nothing, as a value of a type. #}
{% macro null_of(kind) %}
  {{ return(adapter.dispatch('null_of', 'tapedeck')(kind)) }}
{% endmacro %}

{% macro default__null_of(kind) %}
  {{ return('CAST(NULL AS ' ~ type_of(kind) ~ ')') }}
{% endmacro %}

{% macro clickhouse__null_of(kind) %}
  {{ return('CAST(NULL AS Nullable(' ~ type_of(kind) ~ '))') }}
{% endmacro %}

{# A number with the precision of float64; null stays null. #}
{% macro float_of(value) %}
  {{ return(adapter.dispatch('float_of', 'tapedeck')(value)) }}
{% endmacro %}

{% macro default__float_of(value) -%} CAST({{ value }} AS {{ type_of('float64') }}) {%- endmacro %}
{# CAST to a type that is not Nullable refuses a null; these keep it. #}
{% macro clickhouse__float_of(value) -%} toFloat64({{ value }}) {%- endmacro %}

{# A whole number of 64 bits; null stays null. #}
{% macro int_of(value) %}
  {{ return(adapter.dispatch('int_of', 'tapedeck')(value)) }}
{% endmacro %}

{% macro default__int_of(value) -%} CAST({{ value }} AS {{ type_of('int64') }}) {%- endmacro %}
{% macro clickhouse__int_of(value) -%} toInt64({{ value }}) {%- endmacro %}
