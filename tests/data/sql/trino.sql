-- expect_table_row_count_to_be_between {'min_value': 1, 'max_value': 1000}
SELECT count(*) AS f0, count(*) AS f1
FROM "sales"."orders";

-- expect_table_row_count_to_equal {'value': 3}
SELECT count(*) AS f0, count(*) AS f1
FROM "sales"."orders";

-- expect_table_row_count_to_equal_other_table {'other_table_name': 'countries'}
SELECT count(*) AS f0, count(*) AS f1
FROM "sales"."orders";

-- expect_column_values_to_not_be_null {'column': 'amount'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("amount" IS NULL) THEN 1 ELSE 0 END), 0) AS f2
FROM "sales"."orders";
SELECT CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS c0_0, NULL AS c0_1
FROM "sales"."orders"
WHERE "amount" IS NULL
 LIMIT 20;

-- expect_column_values_to_be_null {'column': 'amount', 'mostly': 0}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("amount" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f2
FROM "sales"."orders";
SELECT CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS c0_0, NULL AS c0_1
FROM "sales"."orders"
WHERE "amount" IS NOT NULL
 LIMIT 20;

-- expect_column_values_to_be_unique {'column': 'order_id'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("order_id" IS NULL) THEN 1 ELSE 0 END), 0) AS f2
FROM "sales"."orders";
SELECT anon_1.dpq__key_0, sum(anon_1.dpq__key) OVER () AS anon_2
FROM (SELECT count(*) AS dpq__key, "order_id" AS dpq__key_0
FROM "sales"."orders"
WHERE "order_id" IS NOT NULL GROUP BY "order_id"
HAVING count(*) > 1) AS anon_1 ORDER BY anon_1.dpq__key_0
 LIMIT 20;

-- expect_column_values_to_be_between {'column': 'amount', 'min_value': 0, 'max_value': 100}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("amount" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("amount" IS NOT NULL AND CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END >= 0.0 AND CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END <= 100.0) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_be_in_set {'column': 'state', 'value_set': ['paid', 'sent']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("state" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("state" IS NOT NULL AND ("state") IN ('paid', 'sent')) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_not_be_in_set {'column': 'state', 'value_set': ['lost']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("state" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("state" IS NOT NULL AND (("state") NOT IN ('lost'))) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_match_regex {'column': 'country', 'regex': '^[A-Z]{2}$'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("country" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("country" IS NOT NULL AND regexp_like("country", '^[A-Z]{2}$')) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_not_match_regex {'column': 'country', 'regex': '[a-z]'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("country" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("country" IS NOT NULL AND NOT regexp_like("country", '[a-z]')) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_match_regex_list {'column': 'country', 'regex_list': ['^N', '^S'], 'match_on': 'any'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("country" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("country" IS NOT NULL AND (regexp_like("country", '^N') OR regexp_like("country", '^S'))) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_not_match_regex_list {'column': 'country', 'regex_list': ['[a-z]', '[0-9]']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("country" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("country" IS NOT NULL AND NOT (regexp_like("country", '[a-z]') OR regexp_like("country", '[0-9]'))) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_match_like_pattern {'column': 'state', 'like_pattern': '%t%'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("state" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("state" IS NOT NULL AND "state" LIKE '%t%') THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_not_match_like_pattern {'column': 'state', 'like_pattern': 'lost%'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("state" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("state" IS NOT NULL AND "state" NOT LIKE 'lost%') THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_match_like_pattern_list {'column': 'state', 'like_pattern_list': ['pa%', 'se%']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("state" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("state" IS NOT NULL AND ("state" LIKE 'pa%' OR "state" LIKE 'se%')) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_not_match_like_pattern_list {'column': 'state', 'like_pattern_list': ['lo%']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("state" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("state" IS NOT NULL AND "state" NOT LIKE 'lo%') THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_value_lengths_to_be_between {'column': 'country', 'min_value': 2, 'max_value': 3}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("country" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("country" IS NOT NULL AND length("country") >= 2 AND length("country") <= 3) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_value_lengths_to_equal {'column': 'country', 'value': 2}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("country" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("country" IS NOT NULL AND length("country") = 2.0) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_values_to_exist_in_other_table {'column': 'country', 'other_table': 'countries', 'other_column': 'code'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("country" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("country" IS NOT NULL AND dpq_keys_1.dpq__key IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders" LEFT OUTER JOIN (SELECT DISTINCT ("code") AS dpq__key
FROM "sales"."countries"
WHERE "code" IS NOT NULL) AS dpq_keys_1 ON dpq_keys_1.dpq__key = ("country");

-- expect_table_to_match_contract {'contract': {'columns': [{'name': 'order_id', 'type': 'number', 'primary_key': True}, {'name': 'country', 'type': 'string', 'required': True}, {'name': 'note', 'type': 'string', 'optional': True}]}}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("order_id" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, count(*) AS f3, coalesce(sum(CASE WHEN ("country" IS NULL) THEN 1 ELSE 0 END), 0) AS f4, count(*) AS f5, coalesce(sum(CASE WHEN ("order_id" IS NULL) THEN 1 ELSE 0 END), 0) AS f6
FROM "sales"."orders";
SELECT anon_1.dpq__key_0, sum(anon_1.dpq__key) OVER () AS anon_2
FROM (SELECT count(*) AS dpq__key, "order_id" AS dpq__key_0
FROM "sales"."orders"
WHERE "order_id" IS NOT NULL GROUP BY "order_id"
HAVING count(*) > 1) AS anon_1 ORDER BY anon_1.dpq__key_0
 LIMIT 20;

-- expect_column_values_to_be_multiples {'column': 'amount', 'multiple_of': 0.05}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("amount" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("amount" IS NOT NULL AND mod(abs(CAST(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS VARCHAR(40)) AS NUMERIC(38, 15))), CAST(0.05 AS NUMERIC(38, 15))) = 0 AND CAST(CAST(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS VARCHAR(40)) AS NUMERIC(38, 15)) AS DOUBLE) = CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_row_condition_to_hold {'expression': 'total = amount + tax AND paid_at > ordered_at'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (coalesce(CASE WHEN is_nan("total") THEN NULL ELSE "total" END = CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE) + CAST(CASE WHEN is_nan("tax") THEN NULL ELSE "tax" END AS DOUBLE) AND "paid_at" > "ordered_at", false) OR coalesce(NOT (CASE WHEN is_nan("total") THEN NULL ELSE "total" END = CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE) + CAST(CASE WHEN is_nan("tax") THEN NULL ELSE "tax" END AS DOUBLE) AND "paid_at" > "ordered_at"), false))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (false OR coalesce(NOT (CASE WHEN is_nan("total") THEN NULL ELSE "total" END = CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE) + CAST(CASE WHEN is_nan("tax") THEN NULL ELSE "tax" END AS DOUBLE) AND "paid_at" > "ordered_at"), false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_max_to_be_recent {'column': 'paid_at', 'max_age': '26h'}
SELECT count(*) AS f0, max("paid_at") AS f1
FROM "sales"."orders";

-- expect_column_values_to_be_increasing {'column': 'order_id'}
-- refused: expect_column_values_to_be_increasing cannot be evaluated on sales.orders (trino). Check an export of the table as a file.

-- expect_column_values_to_be_decreasing {'column': 'order_id', 'mostly': 0}
-- refused: expect_column_values_to_be_decreasing cannot be evaluated on sales.orders (trino). Check an export of the table as a file.

-- expect_column_values_to_be_dateutil_parseable {'column': 'day'}
-- refused: expect_column_values_to_be_dateutil_parseable cannot be evaluated on sales.orders (trino). Check an export of the table as a file.

-- expect_column_values_to_match_strftime_format {'column': 'day', 'strftime_format': '%Y-%m-%d'}
-- refused: expect_column_values_to_match_strftime_format cannot be evaluated on sales.orders (trino). Check an export of the table as a file.

-- expect_column_values_to_be_json_parseable {'column': 'details'}
-- refused: expect_column_values_to_be_json_parseable cannot be evaluated on sales.orders (trino). Check an export of the table as a file.

-- expect_column_values_to_match_json_schema {'column': 'details', 'json_schema': {'type': 'object', 'required': ['gift']}}
-- refused: expect_column_values_to_match_json_schema cannot be evaluated on sales.orders (trino). Check an export of the table as a file.

-- expect_column_value_z_scores_to_be_less_than {'column': 'amount', 'threshold': 3, 'double_sided': True}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("amount" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("amount" IS NOT NULL AND NOT coalesce(abs((CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END - anon_1.dpq_low) / CAST(nullif(anon_1.dpq_spread, 0) AS NUMERIC)) >= 3.0, false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders" LEFT OUTER JOIN (SELECT CASE WHEN is_nan(avg(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE))) OR is_infinite(avg(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE))) THEN NULL ELSE avg(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE)) END AS dpq_low, CASE WHEN is_nan(stddev_samp(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE))) OR is_infinite(stddev_samp(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE))) THEN NULL ELSE stddev_samp(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE)) END AS dpq_spread
FROM "sales"."orders"
WHERE "amount" IS NOT NULL) AS anon_1 ON true;

-- expect_column_values_to_not_be_outliers {'column': 'amount', 'method': 'iqr', 'multiplier': 1.5}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("amount" IS NULL) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN ("amount" IS NOT NULL AND NOT coalesce(NOT (CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END >= anon_1.dpq_low - 1.5 * (anon_1.dpq_high - anon_1.dpq_low) AND CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END <= anon_1.dpq_high + 1.5 * (anon_1.dpq_high - anon_1.dpq_low)), false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders" LEFT OUTER JOIN (SELECT max(CASE WHEN (ranked.dpq_rank <= 0.25 * (ranked.dpq_total - 1) + 1) THEN ranked.dpq_value END) + (max(0.25 * (ranked.dpq_total - 1) + 1) - max(CASE WHEN (ranked.dpq_rank <= 0.25 * (ranked.dpq_total - 1) + 1) THEN ranked.dpq_rank END)) * (min(CASE WHEN (ranked.dpq_rank >= 0.25 * (ranked.dpq_total - 1) + 1) THEN ranked.dpq_value END) - max(CASE WHEN (ranked.dpq_rank <= 0.25 * (ranked.dpq_total - 1) + 1) THEN ranked.dpq_value END)) AS dpq_low, max(CASE WHEN (ranked.dpq_rank <= 0.75 * (ranked.dpq_total - 1) + 1) THEN ranked.dpq_value END) + (max(0.75 * (ranked.dpq_total - 1) + 1) - max(CASE WHEN (ranked.dpq_rank <= 0.75 * (ranked.dpq_total - 1) + 1) THEN ranked.dpq_rank END)) * (min(CASE WHEN (ranked.dpq_rank >= 0.75 * (ranked.dpq_total - 1) + 1) THEN ranked.dpq_value END) - max(CASE WHEN (ranked.dpq_rank <= 0.75 * (ranked.dpq_total - 1) + 1) THEN ranked.dpq_value END)) AS dpq_high
FROM (SELECT CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE) AS dpq_value, row_number() OVER (ORDER BY CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE)) AS dpq_rank, count(*) OVER () AS dpq_total
FROM "sales"."orders"
WHERE "amount" IS NOT NULL) AS ranked) AS anon_1 ON true;

-- expect_column_min_to_be_between {'column': 'amount', 'min_value': 0}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, min(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END) AS f2
FROM "sales"."orders";

-- expect_column_max_to_be_between {'column': 'amount', 'max_value': 1000}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, max(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END) AS f2
FROM "sales"."orders";

-- expect_column_mean_to_be_between {'column': 'amount', 'min_value': 5, 'max_value': 50}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, avg(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE)) AS f2
FROM "sales"."orders";

-- expect_column_median_to_be_between {'column': 'amount', 'min_value': 5, 'max_value': 50}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "sales"."orders";

-- expect_column_stdev_to_be_between {'column': 'amount', 'min_value': 1, 'max_value': 20}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, avg(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE)) AS f2, stddev_samp(CAST(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS DOUBLE)) AS f3
FROM "sales"."orders";

-- expect_column_sum_to_be_between {'column': 'amount', 'min_value': 1}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, sum(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END) AS f2
FROM "sales"."orders";

-- expect_column_proportion_of_unique_values_to_be_between {'column': 'state', 'min_value': 0.1}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("state" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "sales"."orders";

-- expect_column_proportion_of_non_null_values_to_be_between {'column': 'amount', 'min_value': 0.5}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN ("amount" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f2
FROM "sales"."orders";

-- expect_column_quantile_values_to_be_between {'column': 'amount', 'quantile_ranges': {'quantiles': [0.5], 'value_ranges': [[10, 30]]}}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("amount" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "sales"."orders";
SELECT (SELECT CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END AS without_nan_1
FROM "sales"."orders"
WHERE "amount" IS NOT NULL ORDER BY CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END
 LIMIT 1 OFFSET 0) AS q0;

-- expect_column_most_common_value_to_be_in_set {'column': 'state', 'value_set': ['paid']}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN (("state") IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "sales"."orders";
SELECT most.shown
FROM (SELECT counted.value AS value, counted.shown AS shown, counted.copies AS copies, max(counted.copies) OVER () AS most
FROM (SELECT ("state") AS value, ("state") AS shown, count(*) AS copies
FROM "sales"."orders"
WHERE "state" IS NOT NULL GROUP BY ("state"), ("state")) AS counted) AS most
WHERE most.copies = most.most ORDER BY most.value
 LIMIT 201;

-- expect_column_distinct_values_to_be_in_set {'column': 'state', 'value_set': ['paid', 'sent', 'lost']}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("state" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, count(DISTINCT CASE WHEN ("state" IS NOT NULL AND NOT coalesce(("state") IN ('paid', 'sent', 'lost'), false)) THEN ("state") END) AS f2
FROM "sales"."orders";
SELECT DISTINCT ("state") AS value
FROM "sales"."orders"
WHERE "state" IS NOT NULL AND NOT coalesce(("state") IN ('paid', 'sent', 'lost'), false) ORDER BY 1
 LIMIT 20;

-- expect_column_distinct_values_to_contain_set {'column': 'state', 'value_set': ['paid']}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("state" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "sales"."orders";

-- expect_column_distinct_values_to_equal_set {'column': 'state', 'value_set': ['paid', 'sent']}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("state" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1, count(DISTINCT CASE WHEN ("state" IS NOT NULL AND NOT coalesce(("state") IN ('paid', 'sent'), false)) THEN ("state") END) AS f2
FROM "sales"."orders";
SELECT DISTINCT ("state") AS value
FROM "sales"."orders"
WHERE "state" IS NOT NULL AND NOT coalesce(("state") IN ('paid', 'sent'), false) ORDER BY 1
 LIMIT 20;
SELECT DISTINCT ("state") AS value
FROM "sales"."orders"
WHERE "state" IS NOT NULL AND ("state") IN ('paid', 'sent');

-- expect_column_kl_divergence_to_be_less_than {'column': 'state', 'partition_object': {'values': ['paid', 'sent'], 'weights': [0.6, 0.4]}, 'threshold': 0.5}
SELECT count(*) AS f0, coalesce(sum(CASE WHEN ("state" IS NOT NULL) THEN 1 ELSE 0 END), 0) AS f1
FROM "sales"."orders";
SELECT ("state") AS exact_text_1, count(*) AS count_1
FROM "sales"."orders"
WHERE "state" IS NOT NULL GROUP BY ("state") ORDER BY ("state")
 LIMIT 10001;

-- expect_column_pair_values_a_to_be_greater_than_b {'column_A': 'paid_at', 'column_B': 'ordered_at'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("paid_at" IS NULL AND "ordered_at" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("paid_at" IS NULL AND "ordered_at" IS NULL) AND coalesce("paid_at" <= "ordered_at", false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_pair_values_to_be_equal {'column_A': 'order_id', 'column_B': 'order_id'}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("order_id" IS NULL AND "order_id" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("order_id" IS NULL AND "order_id" IS NULL) AND NOT coalesce("order_id" = "order_id", false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_column_pair_values_to_be_in_set {'column_A': 'country', 'column_B': 'state', 'value_pairs_set': [['NO', 'paid'], ['SE', 'paid'], ['NO', 'sent']]}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("country" IS NULL AND "state" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("country" IS NULL AND "state" IS NULL) AND coalesce(NOT (("country") = 'NO' AND ("state") = 'paid' OR ("country") = 'SE' AND ("state") = 'paid' OR ("country") = 'NO' AND ("state") = 'sent'), false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_compound_columns_to_be_unique {'column_list': ['country', 'order_id']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("country" IS NULL AND "order_id" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2
FROM "sales"."orders";
SELECT anon_1.dpq__key_0, anon_1.dpq__key_1, sum(anon_1.dpq__key) OVER () AS anon_2
FROM (SELECT count(*) AS dpq__key, ("country") AS dpq__key_0, "order_id" AS dpq__key_1
FROM "sales"."orders"
WHERE NOT ("country" IS NULL AND "order_id" IS NULL) AND NOT ("country" IS NULL OR "order_id" IS NULL) GROUP BY ("country"), "order_id"
HAVING count(*) > 1) AS anon_1 ORDER BY anon_1.dpq__key_0, anon_1.dpq__key_1
 LIMIT 20;

-- expect_select_column_values_to_be_unique_within_record {'column_list': ['amount', 'tax']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("amount" IS NULL AND "tax" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("amount" IS NULL AND "tax" IS NULL) AND coalesce(NOT (NOT (coalesce(CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END = CASE WHEN is_nan("tax") THEN NULL ELSE "tax" END, false) OR "amount" IS NULL AND "tax" IS NULL)), false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_multicolumn_values_to_be_equal {'column_list': ['order_id', 'order_id']}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("order_id" IS NULL AND "order_id" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("order_id" IS NULL AND "order_id" IS NULL) AND NOT coalesce(coalesce("order_id" = "order_id", false) OR "order_id" IS NULL AND "order_id" IS NULL, false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_multicolumn_sum_to_equal {'column_list': ['amount', 'tax', 'total'], 'sum_total': 24, 'mostly': 0.3}
SELECT count(*) AS f0, count(*) AS f1, coalesce(sum(CASE WHEN (NOT (NOT ("amount" IS NULL AND "tax" IS NULL AND "total" IS NULL))) THEN 1 ELSE 0 END), 0) AS f2, coalesce(sum(CASE WHEN (NOT ("amount" IS NULL AND "tax" IS NULL AND "total" IS NULL) AND coalesce(0 + CASE WHEN is_nan("amount") THEN NULL ELSE "amount" END + CASE WHEN is_nan("tax") THEN NULL ELSE "tax" END + CASE WHEN is_nan("total") THEN NULL ELSE "total" END != 24, false)) THEN 1 ELSE 0 END), 0) AS f3
FROM "sales"."orders";

-- expect_query_results_to_match_comparison {'base_query': 'SELECT count(*) FROM orders', 'comparison_data_source_name': 'other', 'comparison_query': 'SELECT count(*) FROM orders'}
SELECT count(*) FROM orders;

-- unexpected_rows_expectation {'unexpected_rows_query': 'SELECT * FROM {batch} WHERE amount < 0'}
SELECT count(*) FROM (
SELECT * FROM (SELECT *
FROM "sales"."orders") AS subselect WHERE amount < 0
) AS dpq_query;
