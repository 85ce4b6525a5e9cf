with

-- Rows refused for a name the catalogue does not know, in the column to blame.
refused as (

    select
        org_id,
        dataset,
        column_name,
        raw_row ->> column_name as unmapped_name,
        source_file,
        'row_rejected' as effect,
        'product_aliases' as mapped_in
    from {{ ref('rejected_rows') }}
    where reason in ('unknown_license', 'unknown_product')

),

-- The e-mails that stand for people's ids; null where an id is none.
{% set people = [
    ('license_assignments', 'user_presence', 'holder_without_presence'),
    ('user_presence', 'license_assignments', 'presence_without_license'),
    ('routing_status', 'license_assignments', 'presence_without_license'),
] %}
emails as (

    {% for dataset, _, _ in people[:2] %}
        select distinct
            org_id,
            '{{ dataset }}' as dataset,
            if(user_id like '%@%', user_id, null) as email
        from {{ ref('stg_' ~ dataset) }}
        where row_status = 'accepted'
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Rows accepted with a name the seeds do not list, read by its default.
{% set defaults = [
    ('user_presence', 'system_presence', 'system_presences', 'counted_as_logged_in'),
    ('routing_status', 'routing_status', 'interacting_statuses', 'counted_as_not_interacting'),
    ('message_interactions', 'platform', 'messaging_platforms', 'counted_as_its_own_platform'),
    ('contracts', 'tax_jurisdiction', 'tax_rates', 'no_tax_billed'),
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
        where rows_read.row_status = 'accepted' and rows_read.{{ name }} is not null
        union all
    {% endfor %}
    -- An e-mail that the other dataset, which names people by id, does not know.
    {% for dataset, other, effect in people %}
        select
            rows_read.org_id,
            '{{ dataset }}' as dataset,
            'user_id' as column_name,
            rows_read.user_id as unmapped_name,
            rows_read.source_file,
            rows_read.file_id,
            rows_read.source_row,
            '{{ effect }}' as effect,
            '{{ other }}' as mapped_in
        from {{ ref('stg_' ~ dataset) }} as rows_read
        semi join emails as people_by_id
            on
                rows_read.org_id = people_by_id.org_id
                and people_by_id.dataset = '{{ other }}'
                and people_by_id.email is null
        anti join emails as same_person
            on
                rows_read.org_id = same_person.org_id
                and same_person.dataset = '{{ other }}'
                and rows_read.user_id = same_person.email
        where rows_read.row_status = 'accepted' and rows_read.user_id like '%@%'
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Not those that lie outside every contract.
counted as (

    select accepted.* exclude (accepted.file_id, accepted.source_row)
    from accepted
    anti join {{ ref('int_rows_outside_contract') }} as rejected
        on
            accepted.dataset = rejected.dataset
            and accepted.file_id = rejected.file_id
            and accepted.source_row = rejected.source_row

),

unmapped as (

    select * from refused
    union all by name
    select * from counted

),

-- Whom the users dataset gives one id.
people_by_email as (

    select
        org_id,
        email
    from {{ ref('stg_users') }}
    where row_status = 'accepted'
    group by org_id, email
    having count(distinct user_id) = 1

)

select
    unmapped.org_id,
    unmapped.dataset,
    unmapped.column_name,
    unmapped.unmapped_name,
    unmapped.effect,
    unmapped.mapped_in,
    count(*) as rows_count,
    min(unmapped.source_file) as first_source_file,
    count(people_by_email.email) > 0 as is_in_users
from unmapped
left join people_by_email
    on
        unmapped.org_id = people_by_email.org_id
        and unmapped.column_name = 'user_id'
        and lower(unmapped.unmapped_name) = people_by_email.email
group by all
