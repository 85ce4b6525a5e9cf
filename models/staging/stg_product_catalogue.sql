with

landed as (

    {{ landed_rows('product_catalogue') }}

),

shipped_names as (

    select * from {{ ref('shipped_product_names') }}

),

prefixes as (

    select
        prefixes.prefix,
        products.kind
    from {{ ref('product_prefixes') }} as prefixes
    inner join {{ ref('products') }} as products
        on prefixes.product_code = products.product_code

),

-- A code of the shipped catalogue, by any of its names or by its prefix, stays what it is:
-- its row only adds names.
typed as (

    select
        {{ provenance() }},
        coalesce(
            shipped_names.product_code,
            {{ patterned_product('landed.product_code', [
                'sms_class_', 'number_mrc_', 'number_nrc_', 'conversation_'
            ]) }},
            {{ masked_document('landed.product_code') }}
        ) as product_code,
        coalesce(shipped_names.kind, prefixes.kind) is not null as is_shipped,
        landed.name,
        coalesce(
            shipped_names.kind,
            prefixes.kind,
            case regexp_replace(lower(landed.kind), '[^a-z]', '', 'g')
                when 'licenseaddon' then 'addon'
                when 'app' then 'addon'
                when 'device' then 'device'
                when 'resource' then 'resource'
                when 'messaging' then 'message'
                when 'onetime' then 'one_time'
            end
        ) as kind,
        {{ masked_words('landed.unit_of_measure') }} as unit_of_measure,
        landed.aliases
    from landed
    left join shipped_names
        on {{ product_name_key('landed.product_code') }} = shipped_names.name_key
    left join prefixes
        on
            regexp_extract(
                {{ patterned_product('landed.product_code', [
                    'sms_class_', 'number_mrc_', 'number_nrc_', 'conversation_'
                ]) }},
                '^(sms_class_|number_mrc_|number_nrc_|conversation_)'
            )
            = prefixes.prefix

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['product_code'])),
            ('missing_value', {
                'name': 'not is_shipped and raw.name is null',
                'kind': 'not is_shipped and raw.kind is null',
            }),
            ('unknown_value', {'kind': (
                'kind is null',
                'license_addon, app, device, resource, messaging or one_time'
            )}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['product_code']) }} as row_status
from checked
