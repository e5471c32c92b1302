{# None of these columns is null. One test for all of them: a query for each column would take the time of the models. #}
{% test is_complete(model, columns) %}
SELECT *
FROM {{ model }}
WHERE {% for column in columns %}{{ adapter.quote(column) }} IS NULL{{ ' OR ' if not loop.last }}{% endfor %}
{% endtest %}
