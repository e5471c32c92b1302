{# How an incremental model knows what is new. Rows of a table arrive in the order of `journal_offset`; the highest one that went into the
   rows of a key is the key's mark, and rows behind it are new. #}

{# Whether a model goes on from the rows that it has. A compilation without a connection shows the beginning, or with
   `--vars 'resumes: true'` the continuation. #}
{% macro resumes() %}
  {{ return(is_incremental() if flags.INTROSPECT else var('resumes', false)) }}
{% endmacro %}

{# Columns, each behind the name of its table. #}
{% macro of(table, columns) -%}
  {% for column in columns %}{{ table }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# The same in what is selected: ClickHouse would name a column of a join after its table too. #}
{% macro chosen(table, columns) -%}
  {% for column in columns %}{{ table }}.{{ column }} AS {{ column }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# The condition that two tables have the same key. #}
{% macro same(left, right, columns) -%}
  {% for column in columns %}{{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' AND ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# The rows of `rows` that this model has not seen, by the marks of `columns`. #}
{% macro unseen(rows, columns) -%}
  {%- if resumes() -%}
    SELECT arrived.* FROM {{ rows }} AS arrived
    LEFT JOIN (SELECT {{ columns | join(', ') }}, MAX(journal_offset) AS mark FROM {{ this }} GROUP BY {{ columns | join(', ') }}) AS marks
      ON {{ same('arrived', 'marks', columns) }}
    WHERE marks.mark IS NULL OR arrived.journal_offset > marks.mark
  {%- else -%}
    SELECT arrived.* FROM {{ rows }} AS arrived
  {%- endif -%}
{%- endmacro %}

{# The rows of `rows` that this model does not have yet, or has with another count: for sums over many instruments, which have no mark in
   common, of facts that are never taken back. #}
{% macro recounted(rows, key, count) -%}
  SELECT counted.* FROM {{ rows }} AS counted
  {%- if resumes() %}
  LEFT JOIN {{ this }} AS done ON {{ same('counted', 'done', key) }}
  WHERE done.{{ count }} IS NULL OR done.{{ count }} <> counted.{{ count }}
  {%- endif %}
{%- endmacro %}

{# What tells series of bars apart. #}
{% macro series() %}{{ return(['venue', 'symbol', 'source', 'price_type']) }}{% endmacro %}
