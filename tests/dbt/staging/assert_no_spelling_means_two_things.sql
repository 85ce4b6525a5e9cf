-- Names that are compared without case, blanks and punctuation: each key is of one presence
-- or one platform; no license that nobody is billed for is called like a product (NAME-01).
with

spellings as (

    select
        'system_presence' as what,
        {{ name_key('name') }} as name_key,
        system_presence as means
    from {{ ref('system_presence_names') }}
    union all
    select
        'system_presence' as what,
        {{ name_key('system_presence') }} as name_key,
        system_presence as means
    from {{ ref('system_presences') }}
    union all
    select
        'platform' as what,
        {{ name_key('name') }} as name_key,
        platform as means
    from {{ ref('messaging_platform_names') }}
    union all
    select
        'platform' as what,
        {{ name_key('platform') }} as name_key,
        platform as means
    from {{ ref('messaging_platforms') }}
    union all
    select
        'license' as what,
        name_key,
        product_code as means
    from {{ ref('shipped_product_names') }}
    union all
    select
        'license' as what,
        {{ product_name_key('license_id') }} as name_key,
        license_id as means
    from {{ ref('platform_licenses') }}
    where product_code is null

)

select
    what,
    name_key,
    string_agg(distinct means, ', ' order by means) as meanings
from spellings
group by what, name_key
having count(distinct means) > 1 or name_key = ''
