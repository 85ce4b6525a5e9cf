with

-- Rows refused for a name the catalogue does not know, and its column.
refused_rows as (

    select
        org_id,
        dataset,
        case
            when reason = 'unknown_license' then 'license'
            when dataset = 'resource_usage' then 'resource'
            else 'product_code'
        end as column_name,
        raw_row,
        source_file
    from {{ ref('rejected_rows') }}
    where reason in ('unknown_license', 'unknown_product')

),

refused as (

    select
        org_id,
        dataset,
        column_name,
        raw_row ->> column_name as unmapped_name,
        source_file,
        'row_rejected' as effect,
        'product_aliases' as mapped_in
    from refused_rows

),

-- Rows accepted with a status or platform the seeds do not list, read by its default.
{% set defaults = [
    ('user_presence', 'system_presence', 'system_presences', 'counted_as_logged_in'),
    ('routing_status', 'routing_status', 'interacting_statuses', 'counted_as_not_interacting'),
    ('message_interactions', 'platform', 'messaging_platforms', 'counted_as_its_own_platform'),
] %}
accepted as (

    {% for dataset, name, seed, effect in defaults %}
        select
            rows_read.org_id,
            '{{ dataset }}' as dataset,
            '{{ name }}' as column_name,
            rows_read.{{ name }} as unmapped_name,
            rows_read.source_file,
            rows_read.file_id,
            rows_read.source_row,
            '{{ effect }}' as effect,
            '{{ seed }}' as mapped_in
        from {{ ref('stg_' ~ dataset) }} as rows_read
        anti join {{ ref(seed) }} as known
            on rows_read.{{ name }} = known.{{ name }}
        where rows_read.row_status = 'accepted'

        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Not those that lie outside every contract.
counted as (

    select
        accepted.org_id,
        accepted.dataset,
        accepted.column_name,
        accepted.unmapped_name,
        accepted.source_file,
        accepted.effect,
        accepted.mapped_in
    from accepted
    anti join {{ ref('int_rows_outside_contract') }} as rejected
        on
            accepted.dataset = rejected.dataset
            and accepted.file_id = rejected.file_id
            and accepted.source_row = rejected.source_row

),

unmapped as (

    select * from refused
    union all
    select * from counted

)

select * from unmapped
