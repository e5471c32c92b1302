"""What the tasks of the DAGs do: reading objects, filling warehouses."""
