{# The lowest price is no higher, and the highest no lower, than the others. Vendors break this: docs/feeds/files.md. #}
{% test is_a_bar(model) %}
SELECT *
FROM {{ model }}
WHERE high < low OR high < {{ adapter.quote('open') }} OR high < {{ adapter.quote('close') }}
  OR low > {{ adapter.quote('open') }} OR low > {{ adapter.quote('close') }}
{% endtest %}
