-- expect_table_row_count_to_be_between {'min_value': 1, 'max_value': 1000}
SELECT count(*) AS f0, count(*) AS f1
FROM "SALES"."ORDERS";

-- expect_table_row_count_to_equal {'value': 3}
SELECT count(*) AS f0, count(*) AS f1
FROM "SALES"."ORDERS";

-- expect_table_row_count_to_equal_other_table {'other_table_name': 'countries'}
SELECT count(*) AS f0, count(*) AS f1
FROM "SALES"."ORDERS";

-- expect_column_values_to_not_be_null {'column': 'amount'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("AMOUNT" IS NULL) THEN 1 ELSE 0 END), 0) AS f2
FROM "SALES"."ORDERS";
SELECT nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS c0_0, NULL AS c0_1
FROM "SALES"."ORDERS"
WHERE "AMOUNT" IS NULL
 LIMIT 20;

-- expect_column_values_to_be_null {'column': 'amount', 'mostly': 0}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("AMOUNT" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f2
FROM "SALES"."ORDERS";
SELECT nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS c0_0, NULL AS c0_1
FROM "SALES"."ORDERS"
WHERE "AMOUNT" IS NOT NULL
 LIMIT 20;

-- expect_column_values_to_be_unique {'column': 'order_id'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("ORDER_ID" IS NULL) THEN 1 ELSE 0 END), 0) AS f2
FROM "SALES"."ORDERS";
SELECT anon_1.dpq__key_0, sum(anon_1.dpq__key) OVER () AS anon_2
FROM (SELECT count(*) AS dpq__key, "ORDER_ID" AS dpq__key_0
FROM "SALES"."ORDERS"
WHERE "ORDER_ID" IS NOT NULL GROUP BY "ORDER_ID"
HAVING count(*) > 1) AS anon_1 ORDER BY anon_1.dpq__key_0
 LIMIT 20;

-- expect_column_values_to_be_between {'column': 'amount', 'min_value': 0, 'max_value': 100}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("AMOUNT" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("AMOUNT" IS NOT NULL AND nullif("AMOUNT", CAST('NaN' AS FLOAT)) >= 0.0 AND nullif("AMOUNT", CAST('NaN' AS FLOAT)) <= 100.0) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_be_in_set {'column': 'state', 'value_set': ['paid', 'sent']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("STATE" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL AND ("STATE") IN ('paid', 'sent')) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_not_be_in_set {'column': 'state', 'value_set': ['lost']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("STATE" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL AND (("STATE") NOT IN ('lost'))) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_match_regex {'column': 'country', 'regex': '^[A-Z]{2}$'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("COUNTRY" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("COUNTRY" IS NOT NULL AND (regexp_count("COUNTRY", '^[A-Z]{2}$') > 0)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_not_match_regex {'column': 'country', 'regex': '[a-z]'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("COUNTRY" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("COUNTRY" IS NOT NULL AND NOT (regexp_count("COUNTRY", '[a-z]') > 0)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_match_regex_list {'column': 'country', 'regex_list': ['^N', '^S'], 'match_on': 'any'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("COUNTRY" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("COUNTRY" IS NOT NULL AND ((regexp_count("COUNTRY", '^N') > 0) OR (regexp_count("COUNTRY", '^S') > 0))) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_not_match_regex_list {'column': 'country', 'regex_list': ['[a-z]', '[0-9]']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("COUNTRY" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("COUNTRY" IS NOT NULL AND NOT ((regexp_count("COUNTRY", '[a-z]') > 0) OR (regexp_count("COUNTRY", '[0-9]') > 0))) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_match_like_pattern {'column': 'state', 'like_pattern': '%t%'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("STATE" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL AND "STATE" LIKE '%t%') THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_not_match_like_pattern {'column': 'state', 'like_pattern': 'lost%'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("STATE" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL AND "STATE" NOT LIKE 'lost%') THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_match_like_pattern_list {'column': 'state', 'like_pattern_list': ['pa%', 'se%']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("STATE" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL AND ("STATE" LIKE 'pa%' OR "STATE" LIKE 'se%')) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_not_match_like_pattern_list {'column': 'state', 'like_pattern_list': ['lo%']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("STATE" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL AND "STATE" NOT LIKE 'lo%') THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_value_lengths_to_be_between {'column': 'country', 'min_value': 2, 'max_value': 3}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("COUNTRY" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("COUNTRY" IS NOT NULL AND length("COUNTRY") >= 2 AND length("COUNTRY") <= 3) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_value_lengths_to_equal {'column': 'country', 'value': 2}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("COUNTRY" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("COUNTRY" IS NOT NULL AND length("COUNTRY") = 2.0) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_values_to_exist_in_other_table {'column': 'country', 'other_table': 'countries', 'other_column': 'code'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("COUNTRY" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("COUNTRY" IS NOT NULL AND dpq_keys_1.dpq__key IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS" LEFT OUTER JOIN (SELECT DISTINCT ("CODE") AS dpq__key
FROM "SALES"."COUNTRIES"
WHERE "CODE" IS NOT NULL) AS dpq_keys_1 ON dpq_keys_1.dpq__key = ("COUNTRY");

-- expect_table_to_match_contract {'contract': {'columns': [{'name': 'order_id', 'type': 'number', 'primary_key': True}, {'name': 'country', 'type': 'string', 'required': True}, {'name': 'note', 'type': 'string', 'optional': True}]}}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("ORDER_ID" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, count(*) AS f3, coalesce(sum(CASE WHEN ("COUNTRY" IS NULL) THEN 1 ELSE 0 END), 0) AS f4, count(*) AS f5, coalesce(sum(CASE WHEN ("ORDER_ID" IS NULL) THEN 1 ELSE 0 END), 0) AS f6
FROM "SALES"."ORDERS";
SELECT anon_1.dpq__key_0, sum(anon_1.dpq__key) OVER () AS anon_2
FROM (SELECT count(*) AS dpq__key, "ORDER_ID" AS dpq__key_0
FROM "SALES"."ORDERS"
WHERE "ORDER_ID" IS NOT NULL GROUP BY "ORDER_ID"
HAVING count(*) > 1) AS anon_1 ORDER BY anon_1.dpq__key_0
 LIMIT 20;

-- expect_column_values_to_be_multiples {'column': 'amount', 'multiple_of': 0.05}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("AMOUNT" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("AMOUNT" IS NOT NULL AND mod(abs(CAST(CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS VARCHAR(40)) AS NUMERIC(38, 15))), CAST(0.05 AS NUMERIC(38, 15))) = 0 AND CAST(CAST(CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS VARCHAR(40)) AS NUMERIC(38, 15)) AS DOUBLE) = nullif("AMOUNT", CAST('NaN' AS FLOAT))) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_row_condition_to_hold {'expression': 'total = amount + tax AND paid_at > ordered_at'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (coalesce(nullif("TOTAL", CAST('NaN' AS FLOAT)) = CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS DOUBLE) + CAST(nullif("TAX", CAST('NaN' AS FLOAT)) AS DOUBLE) AND "PAID_AT" > "ORDERED_AT", false) OR coalesce(NOT (nullif("TOTAL", CAST('NaN' AS FLOAT)) = CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS DOUBLE) + CAST(nullif("TAX", CAST('NaN' AS FLOAT)) AS DOUBLE) AND "PAID_AT" > "ORDERED_AT"), false))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (false OR coalesce(NOT (nullif("TOTAL", CAST('NaN' AS FLOAT)) = CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS DOUBLE) + CAST(nullif("TAX", CAST('NaN' AS FLOAT)) AS DOUBLE) AND "PAID_AT" > "ORDERED_AT"), false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_max_to_be_recent {'column': 'paid_at', 'max_age': '26h'}
SELECT count(*) AS f0, max("PAID_AT") AS f1
FROM "SALES"."ORDERS";

-- expect_column_values_to_be_increasing {'column': 'order_id'}
-- refused: expect_column_values_to_be_increasing cannot be evaluated on sales.orders (snowflake). Check an export of the table as a file.

-- expect_column_values_to_be_decreasing {'column': 'order_id', 'mostly': 0}
-- refused: expect_column_values_to_be_decreasing cannot be evaluated on sales.orders (snowflake). Check an export of the table as a file.

-- expect_column_values_to_be_dateutil_parseable {'column': 'day'}
-- refused: expect_column_values_to_be_dateutil_parseable cannot be evaluated on sales.orders (snowflake). Check an export of the table as a file.

-- expect_column_values_to_match_strftime_format {'column': 'day', 'strftime_format': '%Y-%m-%d'}
-- refused: expect_column_values_to_match_strftime_format cannot be evaluated on sales.orders (snowflake). Check an export of the table as a file.

-- expect_column_values_to_be_json_parseable {'column': 'details'}
-- refused: expect_column_values_to_be_json_parseable cannot be evaluated on sales.orders (snowflake). Check an export of the table as a file.

-- expect_column_values_to_match_json_schema {'column': 'details', 'json_schema': {'type': 'object', 'required': ['gift']}}
-- refused: expect_column_values_to_match_json_schema cannot be evaluated on sales.orders (snowflake). Check an export of the table as a file.

-- expect_column_value_z_scores_to_be_less_than {'column': 'amount', 'threshold': 3, 'double_sided': True}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("AMOUNT" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("AMOUNT" IS NOT NULL AND NOT coalesce(abs((nullif("AMOUNT", CAST('NaN' AS FLOAT)) - anon_1.dpq_low) / CAST(nullif(anon_1.dpq_spread, 0) AS NUMERIC)) >= 3.0, false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS" LEFT OUTER JOIN (SELECT nullif(nullif(nullif(avg(CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS DOUBLE)), CAST('NaN' AS FLOAT)), CAST('inf' AS FLOAT)), CAST('-inf' AS FLOAT)) AS dpq_low, nullif(nullif(nullif(stddev_samp(CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS DOUBLE)), CAST('NaN' AS FLOAT)), CAST('inf' AS FLOAT)), CAST('-inf' AS FLOAT)) AS dpq_spread
FROM "SALES"."ORDERS"
WHERE "AMOUNT" IS NOT NULL) AS anon_1 ON true;

-- expect_column_values_to_not_be_outliers {'column': 'amount', 'method': 'iqr', 'multiplier': 1.5}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("AMOUNT" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("AMOUNT" IS NOT NULL AND NOT coalesce(NOT (nullif("AMOUNT", CAST('NaN' AS FLOAT)) >= anon_1.dpq_low - 1.5 * (anon_1.dpq_high - anon_1.dpq_low) AND nullif("AMOUNT", CAST('NaN' AS FLOAT)) <= anon_1.dpq_high + 1.5 * (anon_1.dpq_high - anon_1.dpq_low)), false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS" LEFT OUTER JOIN (SELECT nullif(nullif(nullif(percentile_cont(0.25) WITHIN GROUP (ORDER BY nullif("AMOUNT", CAST('NaN' AS FLOAT))), CAST('NaN' AS FLOAT)), CAST('inf' AS FLOAT)), CAST('-inf' AS FLOAT)) AS dpq_low, nullif(nullif(nullif(percentile_cont(0.75) WITHIN GROUP (ORDER BY nullif("AMOUNT", CAST('NaN' AS FLOAT))), CAST('NaN' AS FLOAT)), CAST('inf' AS FLOAT)), CAST('-inf' AS FLOAT)) AS dpq_high
FROM "SALES"."ORDERS"
WHERE "AMOUNT" IS NOT NULL) AS anon_1 ON true;

-- expect_column_min_to_be_between {'column': 'amount', 'min_value': 0}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (nullif("AMOUNT", CAST('NaN' AS FLOAT)) IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, min(nullif("AMOUNT", CAST('NaN' AS FLOAT))) AS f2
FROM "SALES"."ORDERS";

-- expect_column_max_to_be_between {'column': 'amount', 'max_value': 1000}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (nullif("AMOUNT", CAST('NaN' AS FLOAT)) IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, max(nullif("AMOUNT", CAST('NaN' AS FLOAT))) AS f2
FROM "SALES"."ORDERS";

-- expect_column_mean_to_be_between {'column': 'amount', 'min_value': 5, 'max_value': 50}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (nullif("AMOUNT", CAST('NaN' AS FLOAT)) IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, avg(CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS DOUBLE)) AS f2
FROM "SALES"."ORDERS";

-- expect_column_median_to_be_between {'column': 'amount', 'min_value': 5, 'max_value': 50}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (nullif("AMOUNT", CAST('NaN' AS FLOAT)) IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, median(CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS DOUBLE)) AS f2
FROM "SALES"."ORDERS";

-- expect_column_stdev_to_be_between {'column': 'amount', 'min_value': 1, 'max_value': 20}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (nullif("AMOUNT", CAST('NaN' AS FLOAT)) IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, avg(CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS DOUBLE)) AS f2, stddev_samp(CAST(nullif("AMOUNT", CAST('NaN' AS FLOAT)) AS DOUBLE)) AS f3
FROM "SALES"."ORDERS";

-- expect_column_sum_to_be_between {'column': 'amount', 'min_value': 1}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (nullif("AMOUNT", CAST('NaN' AS FLOAT)) IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, sum(nullif("AMOUNT", CAST('NaN' AS FLOAT))) AS f2
FROM "SALES"."ORDERS";

-- expect_column_proportion_of_unique_values_to_be_between {'column': 'state', 'min_value': 0.1}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "SALES"."ORDERS";

-- expect_column_proportion_of_non_null_values_to_be_between {'column': 'amount', 'min_value': 0.5}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("AMOUNT" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f2
FROM "SALES"."ORDERS";

-- expect_column_quantile_values_to_be_between {'column': 'amount', 'quantile_ranges': {'quantiles': [0.5], 'value_ranges': [[10, 30]]}}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("AMOUNT" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, percentile_disc(0.5) WITHIN GROUP (ORDER BY nullif("AMOUNT", CAST('NaN' AS FLOAT))) AS f2
FROM "SALES"."ORDERS";

-- expect_column_most_common_value_to_be_in_set {'column': 'state', 'value_set': ['paid']}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (("STATE") IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "SALES"."ORDERS";
SELECT most.shown
FROM (SELECT counted.value AS value, counted.shown AS shown, counted.copies AS copies, max(counted.copies) OVER () AS most
FROM (SELECT ("STATE") AS value, ("STATE") AS shown, count(*) AS copies
FROM "SALES"."ORDERS"
WHERE "STATE" IS NOT NULL GROUP BY ("STATE"), ("STATE")) AS counted) AS most
WHERE most.copies = most.most ORDER BY most.value
 LIMIT 201;

-- expect_column_distinct_values_to_be_in_set {'column': 'state', 'value_set': ['paid', 'sent', 'lost']}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, count(DISTINCT CASE WHEN ("STATE" IS NOT NULL AND NOT coalesce(("STATE") IN ('paid', 'sent', 'lost'), false)) THEN ("STATE") END) AS f2
FROM "SALES"."ORDERS";
SELECT DISTINCT ("STATE") AS value
FROM "SALES"."ORDERS"
WHERE "STATE" IS NOT NULL AND NOT coalesce(("STATE") IN ('paid', 'sent', 'lost'), false) ORDER BY 1
 LIMIT 20;

-- expect_column_distinct_values_to_contain_set {'column': 'state', 'value_set': ['paid']}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "SALES"."ORDERS";

-- expect_column_distinct_values_to_equal_set {'column': 'state', 'value_set': ['paid', 'sent']}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, count(DISTINCT CASE WHEN ("STATE" IS NOT NULL AND NOT coalesce(("STATE") IN ('paid', 'sent'), false)) THEN ("STATE") END) AS f2
FROM "SALES"."ORDERS";
SELECT DISTINCT ("STATE") AS value
FROM "SALES"."ORDERS"
WHERE "STATE" IS NOT NULL AND NOT coalesce(("STATE") IN ('paid', 'sent'), false) ORDER BY 1
 LIMIT 20;
SELECT DISTINCT ("STATE") AS value
FROM "SALES"."ORDERS"
WHERE "STATE" IS NOT NULL AND ("STATE") IN ('paid', 'sent');

-- expect_column_kl_divergence_to_be_less_than {'column': 'state', 'partition_object': {'values': ['paid', 'sent'], 'weights': [0.6, 0.4]}, 'threshold': 0.5}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("STATE" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "SALES"."ORDERS";
SELECT ("STATE") AS exact_text_1, count(*) AS count_1
FROM "SALES"."ORDERS"
WHERE "STATE" IS NOT NULL GROUP BY ("STATE") ORDER BY ("STATE")
 LIMIT 10001;

-- expect_column_pair_values_a_to_be_greater_than_b {'column_A': 'paid_at', 'column_B': 'ordered_at'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("PAID_AT" IS NULL AND "ORDERED_AT" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("PAID_AT" IS NULL AND "ORDERED_AT" IS NULL) AND coalesce("PAID_AT" <= "ORDERED_AT", false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_pair_values_to_be_equal {'column_A': 'order_id', 'column_B': 'order_id'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("ORDER_ID" IS NULL AND "ORDER_ID" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("ORDER_ID" IS NULL AND "ORDER_ID" IS NULL) AND NOT coalesce("ORDER_ID" = "ORDER_ID", false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_column_pair_values_to_be_in_set {'column_A': 'country', 'column_B': 'state', 'value_pairs_set': [['NO', 'paid'], ['SE', 'paid'], ['NO', 'sent']]}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("COUNTRY" IS NULL AND "STATE" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("COUNTRY" IS NULL AND "STATE" IS NULL) AND coalesce(NOT (("COUNTRY") = 'NO' AND ("STATE") = 'paid' OR ("COUNTRY") = 'SE' AND ("STATE") = 'paid' OR ("COUNTRY") = 'NO' AND ("STATE") = 'sent'), false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_compound_columns_to_be_unique {'column_list': ['country', 'order_id']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("COUNTRY" IS NULL AND "ORDER_ID" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2
FROM "SALES"."ORDERS";
SELECT anon_1.dpq__key_0, anon_1.dpq__key_1, sum(anon_1.dpq__key) OVER () AS anon_2
FROM (SELECT count(*) AS dpq__key, ("COUNTRY") AS dpq__key_0, "ORDER_ID" AS dpq__key_1
FROM "SALES"."ORDERS"
WHERE NOT ("COUNTRY" IS NULL AND "ORDER_ID" IS NULL) AND NOT ("COUNTRY" IS NULL OR "ORDER_ID" IS NULL) GROUP BY ("COUNTRY"), "ORDER_ID"
HAVING count(*) > 1) AS anon_1 ORDER BY anon_1.dpq__key_0, anon_1.dpq__key_1
 LIMIT 20;

-- expect_select_column_values_to_be_unique_within_record {'column_list': ['amount', 'tax']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("AMOUNT" IS NULL AND "TAX" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("AMOUNT" IS NULL AND "TAX" IS NULL) AND coalesce(NOT (NOT (coalesce(nullif("AMOUNT", CAST('NaN' AS FLOAT)) = nullif("TAX", CAST('NaN' AS FLOAT)), false) OR "AMOUNT" IS NULL AND "TAX" IS NULL)), false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_multicolumn_values_to_be_equal {'column_list': ['order_id', 'order_id']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("ORDER_ID" IS NULL AND "ORDER_ID" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("ORDER_ID" IS NULL AND "ORDER_ID" IS NULL) AND NOT coalesce(coalesce("ORDER_ID" = "ORDER_ID", false) OR "ORDER_ID" IS NULL AND "ORDER_ID" IS NULL, false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_multicolumn_sum_to_equal {'column_list': ['amount', 'tax', 'total'], 'sum_total': 24, 'mostly': 0.3}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("AMOUNT" IS NULL AND "TAX" IS NULL AND "TOTAL" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("AMOUNT" IS NULL AND "TAX" IS NULL AND "TOTAL" IS NULL) AND coalesce(0 + nullif("AMOUNT", CAST('NaN' AS FLOAT)) + nullif("TAX", CAST('NaN' AS FLOAT)) + nullif("TOTAL", CAST('NaN' AS FLOAT)) != 24, false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "SALES"."ORDERS";

-- expect_query_results_to_match_comparison {'base_query': 'SELECT count(*) FROM orders', 'comparison_data_source_name': 'other', 'comparison_query': 'SELECT count(*) FROM orders'}
SELECT count(*) FROM orders;

-- unexpected_rows_expectation {'unexpected_rows_query': 'SELECT * FROM {batch} WHERE amount < 0'}
SELECT count(*) FROM (
SELECT * FROM (SELECT *
FROM "SALES"."ORDERS") AS subselect WHERE amount < 0
) AS dpq_query;
