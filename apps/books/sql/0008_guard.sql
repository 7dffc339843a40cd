select bulkhead.guard_schema('books');
