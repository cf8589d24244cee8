/* Sigma tags to ATT&CK.
 *
 * Rules tag tactics and techniques side by side: `attack.execution`, `attack.t1059.001`. Which of a
 * rule's tactics a technique serves is not written, so a technique is placed under those of the
 * rule's tactics that ATT&CK lists for it, and under all that ATT&CK lists when they share none. A
 * technique newer than our table takes its parent's place, else the rule's tactics. */
#include "report/attack.h"

static const struct attack_technique techniques[] = {
#include "report/attack_table.h"
};

enum { STEALTH = 6, DEFENSE_IMPAIRMENT = 7 };

static const struct attack_tactic tactics[ATTACK_TACTICS] = {
        {"TA0043", "reconnaissance", "Reconnaissance", "Trinh sát"},
        {"TA0042", "resource-development", "Resource Development", "Chuẩn bị nguồn lực"},
        {"TA0001", "initial-access", "Initial Access", "Xâm nhập ban đầu"},
        {"TA0002", "execution", "Execution", "Thực thi"},
        {"TA0003", "persistence", "Persistence", "Duy trì hiện diện"},
        {"TA0004", "privilege-escalation", "Privilege Escalation", "Leo thang đặc quyền"},
        {"TA0005", "stealth", "Stealth", "Ẩn mình"},
        {"TA0112", "defense-impairment", "Defense Impairment", "Làm suy yếu phòng thủ"},
        {"TA0006", "credential-access", "Credential Access", "Lấy thông tin xác thực"},
        {"TA0007", "discovery", "Discovery", "Thăm dò"},
        {"TA0008", "lateral-movement", "Lateral Movement", "Lan sang máy khác"},
        {"TA0009", "collection", "Collection", "Thu thập"},
        {"TA0011", "command-and-control", "Command and Control", "Điều khiển từ xa"},
        {"TA0010", "exfiltration", "Exfiltration", "Đưa dữ liệu ra ngoài"},
        {"TA0040", "impact", "Impact", "Gây tác động"},
};

const struct attack_tactic *attack_tactic(unsigned i) {
        assert(i < ATTACK_TACTICS);
        return &tactics[i];
}

const struct attack_technique *attack_technique(struct span id) {
        size_t lo = 0, hi = ARRAY_LEN(techniques);

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;
                struct span m = span_str(techniques[mid].id);
                int c = memcmp(m.p, id.p, MIN(m.len, id.len));

                if (c == 0 && m.len == id.len)
                        return &techniques[mid];
                if (c < 0 || (c == 0 && m.len < id.len))
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return NULL;
}

static bool attack_tag(struct span tag, struct span *ret) {
        struct span prefix = SPAN("attack.");

        if (tag.len <= prefix.len || !span_ieq(span_of(tag.p, prefix.len), prefix))
                return false;
        *ret = span_of(tag.p + prefix.len, tag.len - prefix.len);
        return true;
}

static bool all_digits(const char *p, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (p[i] < '0' || p[i] > '9')
                        return false;
        return true;
}

bool attack_tag_technique(struct span tag, char ret[static ATTACK_ID_MAX]) {
        struct span s;

        if (!attack_tag(tag, &s) || (s.len != 5 && s.len != 9) || ascii_lower(s.p[0]) != 't' ||
            !all_digits(s.p + 1, 4))
                return false;
        if (s.len == 9 && (s.p[5] != '.' || !all_digits(s.p + 6, 3)))
                return false;
        memcpy(ret, s.p, s.len);
        ret[0] = 'T';
        ret[s.len] = '\0';
        return true;
}

/* Old rules write command_and_control. */
static bool same_key(struct span s, const char *key) {
        struct span k = span_str(key);

        if (s.len != k.len)
                return false;
        for (size_t i = 0; i < s.len; i++) {
                char c = s.p[i] == '_' ? '-' : ascii_lower(s.p[i]);
                if (c != k.p[i])
                        return false;
        }
        return true;
}

int attack_tag_tactic(struct span tag) {
        struct span s;

        if (!attack_tag(tag, &s))
                return -1;
        for (unsigned i = 0; i < ATTACK_TACTICS; i++)
                if (same_key(s, tactics[i].key) || span_ieq(s, span_str(tactics[i].id)))
                        return (int)i;
        return same_key(s, "defense-evasion") ? STEALTH : -1;
}

uint32_t attack_place(struct span technique, uint32_t tagged) {
        const struct attack_technique *t = attack_technique(technique);

        if (!t && technique.len > 5)
                t = attack_technique(span_of(technique.p, 5));
        if (!t)
                return tagged;
        if (t->tactics & tagged)
                return t->tactics & tagged;
        if (t->tactics & 1u << STEALTH)
                return t->tactics & ~(1u << DEFENSE_IMPAIRMENT);
        return t->tactics;
}
