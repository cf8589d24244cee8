/* Logons, tickets and services in Windows' logs, and the activities that are made of little else. A logon's session
 * number is the account's on that host, so that what it does there later carries the same. */
#include "exercise/telemetry_impl.h"

static const char *port_text(struct act *a) {
        return tel_say(a->m, "%u", (unsigned)prng_range(&a->rng, 49700, 65500));
}

static const char *ticket_guid(struct act *a) {
        uint64_t x = prng_next(&a->rng), y = prng_next(&a->rng);

        return tel_say(a->m, "{%08x-%04x-%04x-%04x-%012llx}", (unsigned)(x >> 32),
                       (unsigned)(x >> 16 & 0xffff), (unsigned)(x & 0xffff), (unsigned)(y >> 48),
                       (unsigned long long)(y & 0xffffffffffff));
}

static const char *from_name(struct act *a) {
        return a->from >= 0 ? tel_upper(a->m, a->m->hosts[a->from].name) : "-";
}

static void privileges(struct act *a, unsigned host, int who) {
        struct win w;

        win_open(&w, a->m, host, SEC_PRIVILEGES, a->at + MS);
        if (w.off)
                return;
        win_subject(&w, who);
        win_set(&w, "PrivilegeList",
                "SeSecurityPrivilege\n\t\t\tSeTakeOwnershipPrivilege\n\t\t\tSeLoadDriverPrivilege\n"
                "\t\t\tSeBackupPrivilege"
                "\n\t\t\tSeRestorePrivilege\n\t\t\tSeDebugPrivilege\n\t\t\tSeSystemEnvironmentPrivi"
                "lege\n\t\t\t"
                "SeImpersonatePrivilege\n\t\t\tSeDelegateSessionUserImpersonatePrivilege");
        win_write(&w);
}

void win_logon(struct act *a, unsigned host, int who, unsigned type, const char *package) {
        bool ntlm = strcmp(package, "NTLM") == 0, service = type == 5,
             session = type == 2 || type == 10;
        struct win w;

        win_open(&w, a->m, host, SEC_LOGON, a->at);
        if (w.off)
                return;
        win_subject(&w, type == 3 ? WHO_NOBODY : WHO_SYSTEM);
        win_target(&w, who);
        win_set(&w, "LogonType", tel_say(a->m, "%u", type));
        win_set(&w, "LogonProcessName",
                ntlm      ? "NtLmSsp "
                : service ? "Advapi  "
                : session ? "User32 "
                          : "Kerberos");
        win_set(&w, "AuthenticationPackageName",
                ntlm                 ? "NTLM"
                : service || session ? "Negotiate"
                                     : "Kerberos");
        win_set(&w, "WorkstationName",
                session ? tel_upper(a->m, a->m->hosts[host].name) : from_name(a));
        win_set(&w, "LogonGuid",
                ntlm || service ? "{00000000-0000-0000-0000-000000000000}" : ticket_guid(a));
        win_set(&w, "LmPackageName", ntlm ? "NTLM V2" : "-");
        win_set(&w, "KeyLength", "0");
        win_set(&w, "ProcessId",
                type == 3 ? "0x0"
                          : tel_say(a->m, "0x%x",
                                    proc_standing(a->m, host,
                                                  service ? PROC_SERVICES : PROC_SVCHOST_DCOM, -1)
                                            ->pid));
        win_set(&w, "ProcessName",
                service     ? SYS32("services.exe")
                : type == 3 ? "-"
                            : SYS32("svchost.exe"));
        win_set(&w, "IpAddress", service ? "-" : type == 2 ? "127.0.0.1" : act_address(a));
        win_set(&w, "IpPort", service ? "-" : type == 3 ? port_text(a) : "0");
        win_set(&w, "ImpersonationLevel", "%%1833");
        win_set(&w, "VirtualAccount", "%%1843");
        win_set(&w, "TargetLinkedLogonId", "0x0");
        win_set(&w, "ElevatedToken",
                who >= 0 && a->m->p->accounts[who].kind == PLAN_USER ? "%%1843" : "%%1842");
        win_write(&w);
        if (who < 0 || a->m->p->accounts[who].kind != PLAN_USER)
                privileges(a, host, who);
}

void win_logon_failed(struct act *a, unsigned host, const char *name, unsigned type,
                      const char *address) {
        struct win w;

        win_open(&w, a->m, host, SEC_LOGON_FAILED, a->at);
        if (w.off)
                return;
        win_subject(&w, WHO_NOBODY);
        win_set(&w, "SubjectLogonId", "0x0");
        win_set(&w, "TargetUserSid", "S-1-0-0");
        win_set(&w, "TargetUserName", name);
        win_set(&w, "TargetDomainName", a->m->netbios);
        win_set(&w, "Status", "0xc000006d");
        win_set(&w, "FailureReason", "%%2313");
        win_set(&w, "SubStatus", "0xc000006a");
        win_set(&w, "LogonType", tel_say(a->m, "%u", type));
        win_set(&w, "LogonProcessName", type == 2 ? "User32 " : "NtLmSsp ");
        win_set(&w, "AuthenticationPackageName", type == 2 ? "Negotiate" : "NTLM");
        win_set(&w, "WorkstationName",
                type == 2 ? tel_upper(a->m, a->m->hosts[host].name) : from_name(a));
        win_set(&w, "KeyLength", "0");
        win_set(&w, "ProcessId", "0x0");
        win_set(&w, "IpAddress", address);
        win_set(&w, "IpPort", type == 2 ? "0" : port_text(a));
        win_write(&w);
}

void win_service(struct act *a, const char *name, const char *path) {
        struct win w;

        win_open(&w, a->m, a->host, SYS_SERVICE, a->at);
        if (w.off)
                return;
        win_set(&w, "ServiceName", name);
        win_set(&w, "ImagePath", path);
        win_set(&w, "ServiceType", "user mode service");
        win_set(&w, "StartType", "demand start");
        win_set(&w, "AccountName", "LocalSystem");
        win_write(&w);
}

/* ---- tickets ---- */

static const char *address6(struct act *a) {
        return tel_say(a->m, "::ffff:%s", act_address(a));
}

static void kerberoast(struct act *a) {
        static const char *const services[] = {
                "svc_sql",  "svc_web",    "svc_baocao", "svc_saoluu",    "svc_in",
                "svc_quet", "svc_luutru", "svc_hoso",   "svc_thanhtoan", "svc_dongbo"};
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                struct win w;
                const char *name = services[i % ARRAY_LEN(services)];

                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                win_open(&w, a->m, a->host, SEC_TICKET, a->at);
                if (w.off)
                        return;
                win_set(&w, "TargetUserName",
                        tel_say(a->m, "%s@%s", account_name(a->m, a->who),
                                tel_upper(a->m, *a->m->domain ? a->m->domain : a->m->unit)));
                win_set(&w, "TargetDomainName",
                        tel_upper(a->m, *a->m->domain ? a->m->domain : a->m->unit));
                win_set(&w, "ServiceName",
                        i < ARRAY_LEN(services) ? name : tel_say(a->m, "%s%u", name, i / 10 + 1));
                win_set(&w, "ServiceSid",
                        tel_say(a->m, "%.*s%u", (int)(strlen(who_sid(a->m, a->host, 0)) - 4),
                                who_sid(a->m, a->host, 0), 3000 + i));
                win_set(&w, "TicketOptions", "0x40810000");
                win_set(&w, "TicketEncryptionType", "0x17");
                win_set(&w, "IpAddress", address6(a));
                win_set(&w, "IpPort", port_text(a));
                win_set(&w, "Status", "0x0");
                win_set(&w, "LogonGuid", ticket_guid(a));
                win_write(&w);
        }
}

static void tgt(struct act *a, const char *name, const char *encryption, const char *pre) {
        struct win w;

        win_open(&w, a->m, a->host, SEC_TGT, a->at);
        if (w.off)
                return;
        win_set(&w, "TargetUserName", name);
        win_set(&w, "TargetDomainName", *a->m->domain ? a->m->domain : a->m->unit);
        win_set(&w, "TargetSid", who_sid(a->m, a->host, a->who >= 0 ? a->who : 0));
        win_set(&w, "ServiceName", "krbtgt");
        win_set(&w, "ServiceSid",
                tel_say(a->m, "%.*s502", (int)(strlen(who_sid(a->m, a->host, 0)) - 4),
                        who_sid(a->m, a->host, 0)));
        win_set(&w, "TicketOptions", "0x40810010");
        win_set(&w, "Status", "0x0");
        win_set(&w, "TicketEncryptionType", encryption);
        win_set(&w, "PreAuthType", pre);
        win_set(&w, "IpAddress", address6(a));
        win_set(&w, "IpPort", port_text(a));
        win_write(&w);
}

static void asrep_roast(struct act *a) {
        tgt(a, account_name(a->m, a->who), "0x17", "0");
}

static void dcsync(struct act *a) {
        static const char *const rights[] = {"{1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}",
                                             "{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}"};

        win_logon(a, a->host, a->who, 3, "Kerberos");
        for (unsigned i = 0; i < 4; i++) {
                struct win w;

                act_pause(a, 120);
                win_open(&w, a->m, a->host, SEC_OBJECT, a->at);
                if (w.off)
                        return;
                win_subject(&w, a->who);
                win_set(&w, "ObjectServer", "DS");
                win_set(&w, "ObjectType", "%{19195a5b-6da0-11d0-afd3-00c04fd930c9}");
                win_set(&w, "ObjectName",
                        tel_say(a->m, "%%{%08x-1f2a-4b6c-9d3e-5a7b8c9d0e1f}", (unsigned)a->m->key));
                win_set(&w, "OperationType", "Object Access");
                win_set(&w, "HandleId", "0x0");
                win_set(&w, "AccessList", "%%7688\n\t\t\t\t");
                win_set(&w, "AccessMask", "0x100");
                win_set(&w, "Properties",
                        tel_say(a->m,
                                "%%%%7688\n\t\t%s\n\t{19195a5b-6da0-11d0-afd3-00c04fd930c9}\n",
                                rights[i & 1]));
                win_write(&w);
        }
}

/* ---- guessing ---- */

static void preauth_failed(struct act *a, const char *name) {
        struct win w;

        if (a->m->p->hosts[a->host].kind != HOST_DC)
                return;
        win_open(&w, a->m, a->host, SEC_PREAUTH, a->at);
        if (w.off)
                return;
        win_set(&w, "TargetUserName", name);
        win_set(&w, "TargetSid", who_sid(a->m, a->host, 0));
        win_set(&w, "ServiceName", tel_say(a->m, "krbtgt/%s", a->m->netbios));
        win_set(&w, "TicketOptions", "0x40810010");
        win_set(&w, "Status", "0x18");
        win_set(&w, "PreAuthType", "2");
        win_set(&w, "IpAddress", address6(a));
        win_set(&w, "IpPort", port_text(a));
        win_set(&w, "CertIssuerName", "");
        win_set(&w, "CertSerialNumber", "");
        win_set(&w, "CertThumbprint", "");
        win_write(&w);
}

static void password_spray(struct act *a) {
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;
        int who = act_account(a, "success");

        for (unsigned i = 0; i < n; i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                const char *name = i < a->m->p->n_accounts ? account_name(a->m, (int)i)
                                                           : made_up_name(a->m, &a->rng);
                win_logon_failed(a, a->host, name, 3, act_address(a));
                preauth_failed(a, name);
        }
        if (who >= 0) {
                act_pause(a, 4000);
                win_logon(a, a->host, who, 3, "NTLM");
        }
}

static void rdp_flow(struct act *a, unsigned bytes) {
        struct eve e = {.kind = EVE_FLOW,
                        .src = act_address(a),
                        .dst = a->m->hosts[a->host].address,
                        .dport = 3389,
                        .proto = "TCP",
                        .app = "rdp",
                        .to_server = bytes,
                        .to_client = bytes * 3u,
                        .age_s = 4};

        eve_line(a, &e);
}

static void password_guess(struct act *a) {
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at;

        for (unsigned i = 0; i < n; i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                win_logon_failed(a, a->host, account_name(a->m, a->who), i % 2 ? 10 : 3,
                                 act_address(a));
                rdp_flow(a, 1800 + (unsigned)prng_below(&a->rng, 900));
        }
        if (act_number(a, "success")) {
                act_pause(a, 5000);
                win_logon(a, a->host, a->who, 10, "Negotiate");
        }
}

/* ---- from host to host ---- */

static void smb_flow(struct act *a, const char *file) {
        struct eve e = {.kind = EVE_SMB,
                        .src = act_address(a),
                        .dst = a->m->hosts[a->host].address,
                        .dport = 445,
                        .proto = "TCP",
                        .app = "smb",
                        .a = file};

        eve_line(a, &e);
}

static void remote_logon(struct act *a) {
        bool ntlm = strcmp(act_text(a, "method"), "ntlm") == 0;

        win_logon(a, a->host, a->who, 3, ntlm ? "NTLM" : "Kerberos");
        act_pause(a, 30);
        smb_flow(a, "srvsvc");
}

static void rdp_logon(struct act *a) {
        win_logon(a, a->host, a->who, 10, "Negotiate");
        rdp_flow(a, 120000);
        act_pause(a, 1500);
        const struct proc *ui = proc_start(a, proc_standing(a->m, a->host, PROC_WINLOGON, -1),
                                           SYS32("userinit.exe"), SYS32("userinit.exe"), a->who);
        proc_end(a, ui, 25 * SEC);
}

static void psexec_service(struct act *a) {
        win_logon(a, a->host, a->who, 3, "NTLM");
        smb_flow(a, "svcctl");
        act_pause(a, 300);
        win_file(a, proc_standing(a->m, a->host, PROC_SYSTEM, -1), "C:\\Windows\\PSEXESVC.exe");
        win_service(a, "PSEXESVC", "%SystemRoot%\\PSEXESVC.exe");
        act_pause(a, 200);
        const struct proc *s =
                proc_start(a, proc_standing(a->m, a->host, PROC_SERVICES, -1),
                           "C:\\Windows\\PSEXESVC.exe", "C:\\Windows\\PSEXESVC.exe", WHO_SYSTEM);
        const char *cmd = act_text(a, "command");
        const struct proc *c =
                proc_start(a, s, SYS32("cmd.exe"), tel_say(a->m, "\"%s\"", cmd), a->who);

        shell_set(a, c);
}

static void remote_service(struct act *a) {
        const char *name = act_text(a, "service");
        const char *cmd =
                tel_say(a->m, "%%COMSPEC%% /Q /c echo dien tap > \\\\127.0.0.1\\ADMIN$\\__%s",
                        tel_lower(a->m, name));

        win_logon(a, a->host, a->who, 3, "NTLM");
        smb_flow(a, "svcctl");
        act_pause(a, 250);
        win_service(a, name, cmd);
        const struct proc *c =
                proc_start(a, proc_standing(a->m, a->host, PROC_SERVICES, -1), SYS32("cmd.exe"),
                           tel_say(a->m, "C:\\Windows\\system32\\cmd.exe%s", cmd + 9), WHO_SYSTEM);
        proc_end(a, c, 300 * MS);
}

static void wmi_remote(struct act *a) {
        const char *cmd = act_text(a, "command");

        win_logon(a, a->host, a->who, 3, "Kerberos");
        act_pause(a, 200);
        const struct proc *c = proc_start(a, proc_standing(a->m, a->host, PROC_WMIPRVSE, -1),
                                          SYS32("cmd.exe"), cmd, a->who);
        if (strstr(cmd, "powershell"))
                proc_run(a, c, POWERSHELL, strstr(cmd, "powershell"));
        proc_end(a, c, 900 * MS);
}

const struct activity_fn activities_logon[] = {
        {"kerberoast", kerberoast},
        {"asrep_roast", asrep_roast},
        {"dcsync", dcsync},
        {"password_spray", password_spray},
        {"password_guess", password_guess},
        {"remote_logon", remote_logon},
        {"rdp_logon", rdp_logon},
        {"psexec_service", psexec_service},
        {"remote_service", remote_service},
        {"wmi_remote", wmi_remote},
        {NULL, NULL},
};
