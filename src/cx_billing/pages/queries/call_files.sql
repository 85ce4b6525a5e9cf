select count(*) as files_count
from marts.load_audit
where
    org_id = $org_id
    and dataset = 'voice_usage'
    and withdrawn_at is null
