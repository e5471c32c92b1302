{# A number is within bounds, either of which may be left out. #}
{% test lies_between(model, column_name, least=none, most=none) %}
SELECT {{ column_name }}
FROM {{ model }}
WHERE {{ column_name }} IS NOT NULL AND NOT (
  {%- if least is not none %}{{ column_name }} >= {{ least }}{% endif %}
  {%- if least is not none and most is not none %} AND {% endif %}
  {%- if most is not none %}{{ column_name }} <= {{ most }}{% endif %})
{% endtest %}
