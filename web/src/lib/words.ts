// Values of the API that forms offer, in the order that they are shown.
export const KINDS = ['denial_of_service', 'phishing', 'malware', 'intrusion', 'defacement', 'ransomware', 'destruction', 'espionage', 'combined', 'other'];
export const STATES = ['received', 'verified', 'responding', 'containing', 'eradicating', 'recovering', 'monitoring', 'review', 'closed'];
export const ROLES = ['officer', 'handler', 'lead', 'approver', 'owner', 'inspector', 'liaison', 'trainee', 'admin'];
export const REASONS = ['false_positive', 'expected', 'test', 'duplicate', 'known_risk', 'no_harm'];
export const OBSERVABLES = ['address', 'domain', 'url', 'file', 'sha256', 'account', 'mail', 'other'];
export const UNIT_KINDS = ['headquarters', 'ministry', 'department', 'division', 'site', 'team', 'supplier', 'other'];
