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
presences as (

    select
        presences.org_id,
        'user_presence' as dataset,
        'system_presence' as column_name,
        presences.system_presence as unmapped_name,
        presences.source_file,
        presences.file_id,
        presences.source_row,
        'counted_as_logged_in' as effect,
        'system_presences' as mapped_in
    from {{ ref('stg_user_presence') }} as presences
    anti join {{ ref('system_presences') }} as known
        on presences.system_presence = known.system_presence
    where presences.row_status = 'accepted'

),

routing_statuses as (

    select
        statuses.org_id,
        'routing_status' as dataset,
        'routing_status' as column_name,
        statuses.routing_status as unmapped_name,
        statuses.source_file,
        statuses.file_id,
        statuses.source_row,
        'counted_as_not_interacting' as effect,
        'interacting_statuses' as mapped_in
    from {{ ref('stg_routing_status') }} as statuses
    anti join {{ ref('interacting_statuses') }} as known
        on statuses.routing_status = known.routing_status
    where statuses.row_status = 'accepted'

),

platforms as (

    select
        interactions.org_id,
        'message_interactions' as dataset,
        'platform' as column_name,
        interactions.platform as unmapped_name,
        interactions.source_file,
        interactions.file_id,
        interactions.source_row,
        'counted_as_its_own_platform' as effect,
        'messaging_platforms' as mapped_in
    from {{ ref('stg_message_interactions') }} as interactions
    anti join {{ ref('messaging_platforms') }} as known
        on interactions.platform = known.platform
    where interactions.row_status = 'accepted'

),

accepted as (

    select * from presences
    union all
    select * from routing_statuses
    union all
    select * from platforms

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
