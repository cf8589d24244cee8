// Values of the API that forms offer, in the order that they are shown. Kinds and harms are those of the shipped regimes.
export const KINDS = ['denial', 'phishing', 'malware', 'access', 'defacement', 'ransomware', 'destruction', 'espionage', 'combined', 'other'];
export const HARMS = ['none', 'limited', 'considerable', 'grave'];
export const STATES = ['open', 'declared', 'containing', 'recovering', 'watching', 'closed', 'reviewed', 'false_alarm'];
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'];
export const ROLES = ['officer', 'handler', 'lead', 'approver', 'owner', 'inspector', 'liaison', 'trainee', 'admin', 'organiser', 'jury', 'red_team'];
export const REASONS = ['false_positive', 'expected', 'test', 'duplicate', 'known_risk', 'no_harm'];
export const OBSERVABLES = ['address', 'domain', 'url', 'email', 'hash', 'file', 'host', 'account', 'process', 'ja3', 'other'];
export const OBSERVABLE_ROLES = ['unknown', 'attacker', 'victim', 'innocent'];
export const DETECTIONS = ['rule', 'log', 'told', 'person', 'exercise', 'other'];
export const UNIT_KINDS = ['headquarters', 'ministry', 'department', 'division', 'site', 'team', 'supplier', 'other'];
