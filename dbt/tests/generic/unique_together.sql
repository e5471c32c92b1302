{# A combination of columns occurs once. #}
{% test unique_together(model, columns) %}
SELECT {{ columns | join(', ') }}, COUNT(*) AS occurrences
FROM {{ model }}
GROUP BY {{ columns | join(', ') }}
HAVING COUNT(*) > 1
{% endtest %}
