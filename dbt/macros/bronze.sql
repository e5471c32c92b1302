{# The rows of a table that Tapedeck fills, with the columns that models/bronze/sources.yml declares. A table that is not there yet,
   such as `transactions` in a warehouse that only gets quotes, has no rows. #}
{% macro bronze(table) -%}
  {%- set relation = source('tapedeck', table) -%}
  {%- set columns = bronze_columns(table) -%}
  {%- if bronze_is_missing(relation) -%}
    (SELECT {% for name, kind in columns.items() -%}
      {{ null_of(kind) }} AS {{ adapter.quote(name) }}{{ ', ' if not loop.last }}
    {%- endfor %} FROM (SELECT 1 AS one) AS nothing WHERE one = 0)
  {%- else -%}
    (SELECT {% for name in columns %}{{ adapter.quote(name) }}{{ ', ' if not loop.last }}{% endfor %} FROM {{ bronze_location(relation) }} AS stored)
  {%- endif -%}
{%- endmacro %}

{# Names and types of a source's columns; none while dbt only parses. #}
{% macro bronze_columns(table) %}
  {%- set columns = {} -%}
  {%- if execute -%}
    {%- for node in graph.sources.values() if node.name == table and node.source_name == 'tapedeck' -%}
      {%- for name, column in node.columns.items() %}{% do columns.update({name: column.data_type}) %}{% endfor -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(columns) }}
{% endmacro %}

{# A lake has all tables from its first moment on. #}
{% macro bronze_is_missing(relation) %}
  {%- if not execute or not flags.INTROSPECT or lake() -%}
    {{ return(false) }}
  {%- endif -%}
  {{ return(adapter.get_relation(relation.database, relation.schema, relation.identifier) is none) }}
{% endmacro %}

{# The folder of the lake that the models are over; an empty text where they are over tables. #}
{% macro lake() %}
  {{ return(env_var('TAPEDECK_LAKE', '') if target.type == 'duckdb' else '') }}
{% endmacro %}

{% macro bronze_location(relation) %}
  {{ return("delta_scan('" ~ lake() ~ "/" ~ relation.identifier ~ "')" if lake() else relation) }}
{% endmacro %}

{# DuckDB's reader of Delta tables: the file in TAPEDECK_DELTA_EXTENSION, else DuckDB fetches the one of its release. #}
{% macro load_lake_reader() %}
  {%- if lake() -%}
    {%- set file = env_var('TAPEDECK_DELTA_EXTENSION', '') -%}
    {%- if file -%} LOAD '{{ file }}' {%- else -%} INSTALL delta; LOAD delta {%- endif -%}
  {%- endif -%}
{% endmacro %}
