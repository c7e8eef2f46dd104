// Tables of names, long by nature: the functions that may be called, by dialect.
import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { words } from './sql-gate.ts'

const EVERYWHERE =
  'count sum avg min max round abs floor ceil mod power sqrt coalesce nullif length lower upper trim ltrim ' +
  'rtrim replace cast row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value ' +
  'last_value nth_value current_date current_timestamp ceiling sign exp ln log log10 pow trunc'

// None of these reads a file, runs SQL from text, sleeps, locks, allocates without bound or tells
// anything about the session. Date and time are the only state they show.
const BY_DIALECT: Readonly<Record<SqlDialect, string>> = {
  postgresql:
    'substr substring left right lpad rpad concat concat_ws position strpos split_part initcap greatest ' +
    'least extract date_trunc date_part date_bin to_char to_date to_number to_timestamp make_date ' +
    'make_interval age now array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg to_json ' +
    'to_jsonb row_to_json json_build_object jsonb_build_object json_build_array jsonb_build_array ' +
    'jsonb_array_elements jsonb_array_elements_text json_array_elements json_array_elements_text ' +
    'jsonb_array_length json_array_length jsonb_extract_path_text jsonb_extract_path jsonb_typeof ' +
    'generate_series unnest regexp_replace regexp_match regexp_matches percentile_cont percentile_disc ' +
    'mode stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_slope ' +
    'regr_intercept regr_r2 bool_and bool_or every bit_and bit_or array_length array_to_string ' +
    'string_to_array cardinality array_position width_bucket char_length character_length octet_length ' +
    'reverse starts_with btrim ascii chr translate md5 div random justify_days justify_hours isfinite ' +
    'localtime localtimestamp current_time grouping timezone overlay',
  mysql:
    'substring substr left right concat concat_ws if ifnull greatest least date_format str_to_date date_add ' +
    'date_sub datediff timediff timestampdiff timestampadd curdate curtime now year month day dayofmonth ' +
    'dayofweek dayofyear dayname monthname week weekday weekofyear yearweek quarter hour minute second ' +
    'date time timestamp last_day from_days to_days unix_timestamp from_unixtime group_concat json_extract ' +
    'json_unquote json_object json_array json_arrayagg json_objectagg json_length json_contains ' +
    'char_length character_length instr locate position lpad rpad reverse field find_in_set substring_index ' +
    'std stddev stddev_pop stddev_samp variance var_pop var_samp bit_and bit_or truncate extract ' +
    'interval isnull values makedate adddate subdate utc_date utc_time utc_timestamp localtime ' +
    'localtimestamp current_time lcase ucase regexp_replace regexp_like convert any_value',
  sqlite:
    'substr substring instr printf format ifnull iif total group_concat string_agg strftime date time ' +
    'datetime julianday unixepoch timediff json json_extract json_each json_tree json_object json_array ' +
    'json_array_length json_group_array json_group_object json_type json_valid typeof hex unicode char ' +
    'quote concat concat_ws like glob current_time likely unlikely likelihood median percentile octet_length',
}

/** The functions that may be called without being listed in `allowedFunctions`, lower case. */
export const ALLOWED_FUNCTIONS: Readonly<Record<SqlDialect, ReadonlySet<string>>> = {
  postgresql: words(`${EVERYWHERE} ${BY_DIALECT.postgresql}`),
  mysql: words(`${EVERYWHERE} ${BY_DIALECT.mysql}`),
  sqlite: words(`${EVERYWHERE} ${BY_DIALECT.sqlite}`),
}
