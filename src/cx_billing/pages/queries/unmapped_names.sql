select distinct
    column_name,
    unmapped_name,
    effect
from marts.unmapped_names
-- People who meet nobody are told by organization: missing_data.
where column_name <> 'user_id'
order by column_name, unmapped_name
