{# Each combination of columns is also in another model. #}
{% test belongs_to(model, parent, columns) %}
SELECT {{ of('child', columns) }}
FROM {{ model }} AS child
WHERE NOT EXISTS (SELECT 1 FROM {{ parent }} AS parent WHERE {{ same('child', 'parent', columns) }})
{% endtest %}
