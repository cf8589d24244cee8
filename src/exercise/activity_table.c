/* The table of activities (activity.h). One entry an activity: name, titles; what the step must name; where it can
 * happen; log sources; techniques; the shipped rules that must speak of it; parameters.
 *
 * `rules` is a promise that test/unit/test_telemetry.c keeps: each named rule raises an alert when the activity is
 * played with its fallbacks. Everything played is text about an act, never the act: addresses are of the
 * documentation ranges, domains end in .example, encoded commands say that they are a drill. */
#include "exercise/activity.h"

#define WINDOWS (1u << PLAN_WINDOWS)
#define LINUX (1u << PLAN_LINUX)
#define ANY_OS (WINDOWS | LINUX | 1u << PLAN_OTHER)
#define KIND(k) (1u << (k))
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

#define TEXT(n, d, en, vi)                                                                         \
        { n, VALUE_TEXT, d, NULL, 0, 0, {en, vi}, false }
#define COUNT(n, d, lo, hi, en, vi)                                                                \
        { n, VALUE_COUNT, d, NULL, lo, hi, {en, vi}, false }
#define OVER(d, hi)                                                                                \
        {                                                                                          \
                "over", VALUE_TIME, d, NULL, 0, hi,                                                \
                        {"spread over this time", "rải trong khoảng thời gian này"}, false         \
        }
#define BYTES(d)                                                                                   \
        {                                                                                          \
                "bytes", VALUE_BYTES, d, NULL, 1, INT64_C(1) << 40,                                \
                        {"how much leaves", "lượng dữ liệu bị chuyển ra"}, false                   \
        }
#define BOOL(n, d, en, vi)                                                                         \
        { n, VALUE_BOOL, d, NULL, 0, 1, {en, vi}, false }
#define WORD(n, d, list, en, vi)                                                                   \
        { n, VALUE_WORD, d, list, 0, 0, {en, vi}, false }
#define FROM                                                                                       \
        {                                                                                          \
                "from", VALUE_HOST, NULL, NULL, 0, 0,                                              \
                        {"the unit's host it comes from; else `outside`",                          \
                         "máy của đơn vị nơi xuất phát; nếu không thì `outside`"},                 \
                        false                                                                      \
        }
#define ACCOUNT(n, en, vi)                                                                         \
        { n, VALUE_ACCOUNT, NULL, NULL, 0, 0, {en, vi}, false }
#define PARAMS(...)                                                                                \
        .params = {__VA_ARGS__},                                                                   \
        .n_params = sizeof((struct activity_param[]){__VA_ARGS__}) / sizeof(struct activity_param)

#define W_PROC .os = WINDOWS, .sources = "sysmon", .more = "security"
#define L_EXEC .os = LINUX, .sources = "auditd"
#define HA (NEEDS_HOST | NEEDS_ACCOUNT)
#define HAO (NEEDS_HOST | NEEDS_ACCOUNT | NEEDS_OUTSIDE)
#define HO (NEEDS_HOST | NEEDS_OUTSIDE)

/* clang-format off */
const struct activity activities[] = {
/* ---- Windows: in ---- */
{"mail_attachment_open", {"A mail's attachment is opened", "Mở tệp đính kèm trong thư"}, .needs = HA, W_PROC, .techniques = "T1566.001 T1204.002", .rules = "",
 PARAMS(TEXT("file", "Thong bao.docm", "name of the document", "tên tài liệu"))},
{"office_spawns_script", {"An Office document starts a script", "Tài liệu Office chạy mã lệnh"}, .needs = HA, W_PROC, .techniques = "T1204.002 T1059", .rules = "win_proc_office_child_shell",
 PARAMS(TEXT("file", "Thong bao.docm", "name of the document", "tên tài liệu"), WORD("program", "wscript", "wscript mshta cmd powershell", "what it starts", "chương trình được chạy"))},
{"powershell_encoded", {"Encoded PowerShell", "PowerShell bị mã hóa"}, .needs = HA, .os = WINDOWS, .sources = "sysmon", .more = "security powershell", .techniques = "T1059.001", .rules = "win_proc_powershell_encoded"},
{"download_cradle", {"PowerShell fetches and runs", "PowerShell tải về và chạy"}, .needs = HAO, .os = WINDOWS, .sources = "sysmon", .more = "security powershell eve", .techniques = "T1059.001 T1105", .rules = "win_proc_powershell_download",
 PARAMS(TEXT("path", "/tai-lieu/cap-nhat.txt", "path of the address", "đường dẫn trong địa chỉ"))},
{"certutil_download", {"certutil fetches a file", "certutil tải tệp"}, .needs = HAO, W_PROC, .techniques = "T1105", .rules = "win_proc_certutil_download",
 PARAMS(TEXT("file", "capnhat.dat", "name it gets", "tên tệp lưu lại"))},
{"bitsadmin_download", {"bitsadmin fetches a file", "bitsadmin tải tệp"}, .needs = HAO, W_PROC, .techniques = "T1197", .rules = "win_proc_bitsadmin_transfer",
 PARAMS(TEXT("file", "capnhat.dat", "name it gets", "tên tệp lưu lại"))},
{"mshta_remote", {"mshta runs a remote page", "mshta chạy trang từ xa"}, .needs = HAO, W_PROC, .techniques = "T1218.005", .rules = "win_proc_mshta_remote"},
{"supply_update", {"A signed updater starts what it should not", "Trình cập nhật có chữ ký chạy thứ không nên chạy"}, .needs = HAO, .os = WINDOWS, .sources = "sysmon", .more = "security eve", .techniques = "T1195.002 T1218.011", .rules = "win_proc_rundll32_user_folder",
 PARAMS(TEXT("product", "VanPhongSo", "name of the product", "tên phần mềm"), TEXT("version", "4.2.1", "its new version", "phiên bản mới"))},
{"dll_user_folder", {"A library is run from a user's folder", "Chạy thư viện từ thư mục người dùng"}, .needs = HA, W_PROC, .techniques = "T1218.011", .rules = "win_proc_rundll32_user_folder",
 PARAMS(TEXT("file", "tienich.dll", "name of the library", "tên thư viện"))},
{"run_command", {"Any command, as written", "Một lệnh bất kỳ"}, .needs = HA, .os = WINDOWS | LINUX, .sources = "sysmon auditd", .more = "security", .techniques = "T1059", .rules = "", .innocent = true,
 PARAMS({"command", VALUE_TEXT, NULL, NULL, 0, 0, {"the command line; its first word is the program", "dòng lệnh; từ đầu tiên là chương trình"}, true}, TEXT("parent", "", "the parent's program, with its path", "chương trình cha, kèm đường dẫn"))},
/* ---- Windows: look around, credentials ---- */
{"discovery_commands", {"Commands that look around", "Các lệnh thăm dò"}, .needs = HA, W_PROC, .techniques = "T1082 T1087 T1016", .rules = "corr_discovery_burst",
 PARAMS(COUNT("count", "7", 1, 12, "how many", "số lệnh"), OVER("40s", 10 * MINUTE))},
{"lsass_dump", {"Memory of LSASS is dumped", "Trích xuất bộ nhớ LSASS"}, .needs = HA, W_PROC, .techniques = "T1003.001", .rules = "win_proc_lsass_dump_comsvcs win_file_lsass_dump",
 PARAMS(WORD("method", "comsvcs", "comsvcs procdump taskmgr", "how", "cách thực hiện"))},
{"sam_hive_save", {"Hives with accounts are saved", "Lưu nhánh registry chứa tài khoản"}, .needs = HA, W_PROC, .techniques = "T1003.002", .rules = "win_proc_sam_hive_saved"},
{"ntds_copy", {"The domain's database is copied", "Sao chép cơ sở dữ liệu miền"}, .needs = HA, W_PROC, .kinds = KIND(HOST_DC), .techniques = "T1003.003", .rules = "win_proc_ntds_copied"},
{"kerberoast", {"Weak service tickets are asked for", "Yêu cầu vé dịch vụ yếu (Kerberoasting)"}, .needs = HA, .os = WINDOWS, .sources = "security", .more = "", .kinds = KIND(HOST_DC), .techniques = "T1558.003", .rules = "win_sec_kerberoasting_rc4 corr_kerberoasting_many_services",
 PARAMS(FROM, COUNT("count", "12", 1, 60, "services", "số dịch vụ"), OVER("1m", 10 * MINUTE))},
{"asrep_roast", {"Tickets without pre-authentication", "Vé không cần xác thực trước"}, .needs = HA, .os = WINDOWS, .sources = "security", .more = "", .kinds = KIND(HOST_DC), .techniques = "T1558.004", .rules = "win_sec_asrep_roasting",
 PARAMS(FROM)},
{"dcsync", {"The directory is replicated by an account", "Đồng bộ thư mục bằng tài khoản thường (DCSync)"}, .needs = HA, .os = WINDOWS, .sources = "security", .more = "eve", .kinds = KIND(HOST_DC), .techniques = "T1003.006", .rules = "win_sec_dcsync",
 PARAMS(FROM)},
{"password_spray", {"One password tried on many accounts", "Thử một mật khẩu trên nhiều tài khoản"}, .needs = NEEDS_HOST, .os = WINDOWS, .sources = "security", .more = "", .techniques = "T1110.003", .rules = "corr_logon_spraying",
 PARAMS(FROM, COUNT("count", "20", 1, 300, "accounts", "số tài khoản"), OVER("5m", HOUR), ACCOUNT("success", "account that gives way in the end", "tài khoản bị đoán trúng cuối cùng"))},
{"password_guess", {"Passwords guessed over Remote Desktop", "Đoán mật khẩu qua Remote Desktop"}, .needs = HA, .os = WINDOWS, .sources = "security", .more = "eve", .techniques = "T1110.001", .rules = "corr_rdp_brute_force corr_rdp_success_after_failures",
 PARAMS(FROM, COUNT("count", "30", 1, 500, "attempts", "số lần thử"), OVER("4m", HOUR), BOOL("success", "true", "the last one is right", "lần cuối thành công"))},
/* ---- Windows: move ---- */
{"remote_logon", {"Logon over the network", "Đăng nhập qua mạng"}, .needs = HA, .os = WINDOWS, .sources = "security", .more = "eve", .techniques = "T1021.002 T1550.002", .rules = "",
 PARAMS(FROM, WORD("method", "ntlm", "ntlm kerberos", "how it proves itself", "cách xác thực"))},
{"rdp_logon", {"Remote Desktop logon", "Đăng nhập Remote Desktop"}, .needs = HA, .os = WINDOWS, .sources = "security", .more = "eve", .techniques = "T1021.001", .rules = "",
 PARAMS(FROM)},
{"psexec_service", {"PsExec's service", "Dịch vụ PsExec"}, .needs = HA, .os = WINDOWS, .sources = "system", .more = "security sysmon eve", .techniques = "T1569.002 T1021.002", .rules = "win_sys_psexec_service net_smb_admin_share_remote",
 PARAMS(FROM, TEXT("command", "cmd.exe", "what it starts", "lệnh được chạy"))},
{"remote_service", {"A service with a command is installed", "Cài dịch vụ chạy lệnh"}, .needs = HA, .os = WINDOWS, .sources = "system", .more = "security sysmon eve", .techniques = "T1543.003 T1569.002", .rules = "win_sys_service_installed_suspicious",
 PARAMS(FROM, TEXT("service", "HoTroMay", "its name", "tên dịch vụ"))},
{"wmi_remote", {"A process started through WMI", "Chạy tiến trình qua WMI"}, .needs = HA, .os = WINDOWS, .sources = "sysmon", .more = "security", .techniques = "T1047", .rules = "",
 PARAMS(FROM, TEXT("command", "cmd.exe /c powershell.exe -nop -w hidden -c whoami", "what it starts", "lệnh được chạy"))},
/* ---- Windows: stay, hide ---- */
{"scheduled_task", {"A scheduled task that runs a script", "Tác vụ định kỳ chạy mã lệnh"}, .needs = HA, W_PROC, .techniques = "T1053.005", .rules = "win_proc_scheduled_task_suspicious win_sec_scheduled_task_created",
 PARAMS(TEXT("task", "CapNhatHeThong", "its name", "tên tác vụ"))},
{"run_key", {"Start at logon from the registry", "Tự chạy khi đăng nhập qua registry"}, .needs = HA, .os = WINDOWS, .sources = "sysmon", .more = "", .techniques = "T1547.001", .rules = "win_reg_run_key_suspicious",
 PARAMS(TEXT("value", "CapNhat", "its name", "tên giá trị"))},
{"new_account", {"An account is made", "Tạo tài khoản mới"}, .needs = HA, W_PROC, .techniques = "T1136.001", .rules = "win_proc_net_user_add win_sec_local_user_created",
 PARAMS(TEXT("name", "hotro2", "of the new account", "tên tài khoản mới"))},
{"group_add", {"An account is made an administrator", "Thêm tài khoản vào nhóm quản trị"}, .needs = HA, W_PROC, .techniques = "T1098.007", .rules = "win_proc_net_user_add win_sec_user_added_to_admins",
 PARAMS(TEXT("name", "hotro2", "of the account that is added", "tên tài khoản được thêm"))},
{"defender_disable", {"Defender is weakened", "Làm suy yếu Defender"}, .needs = HA, .os = WINDOWS, .sources = "sysmon", .more = "security defender", .techniques = "T1562.001", .rules = "win_proc_defender_tampering win_reg_defender_disabled win_defender_protection_disabled"},
{"firewall_disable", {"The firewall is switched off", "Tắt tường lửa"}, .needs = HA, W_PROC, .techniques = "T1562.004", .rules = "win_proc_firewall_disabled"},
{"log_clear", {"Event logs are cleared", "Xóa nhật ký sự kiện"}, .needs = HA, .os = WINDOWS, .sources = "sysmon security", .more = "system", .techniques = "T1070.001", .rules = "win_proc_event_log_cleared_by_tool win_sec_audit_log_cleared win_sys_log_cleared"},
{"malware_found", {"Defender finds malware", "Defender phát hiện mã độc"}, .needs = HA, .os = WINDOWS, .sources = "defender", .more = "", .techniques = "T1204.002", .rules = "win_defender_malware_found",
 PARAMS(TEXT("threat", "Trojan:Win32/DienTap.A", "its name", "tên mã độc"), TEXT("file", "capnhat.dat", "the file", "tên tệp"))},
/* ---- Windows: harm ---- */
{"shadow_delete", {"Shadow copies are deleted", "Xóa bản sao bóng"}, .needs = HA, W_PROC, .techniques = "T1490", .rules = "win_proc_shadow_copies_deleted",
 PARAMS(WORD("method", "vssadmin", "vssadmin wmic", "how", "cách thực hiện"))},
{"recovery_disable", {"Boot recovery is switched off", "Tắt phục hồi khi khởi động"}, .needs = HA, W_PROC, .techniques = "T1490", .rules = "win_proc_recovery_disabled"},
{"backup_delete", {"The backup catalogue is deleted", "Xóa danh mục sao lưu"}, .needs = HA, W_PROC, .techniques = "T1490", .rules = "win_proc_backup_catalog_deleted"},
{"backup_stop", {"Services of the backup are stopped", "Dừng dịch vụ sao lưu"}, .needs = HA, W_PROC, .techniques = "T1489", .rules = "",
 PARAMS(TEXT("service", "SaoLuuSvc", "its name", "tên dịch vụ"))},
{"mass_encrypt", {"Files are encrypted one after another", "Mã hóa hàng loạt tệp"}, .needs = HA, .os = WINDOWS, .sources = "sysmon", .more = "", .techniques = "T1486", .rules = "corr_ransomware_mass_files",
 PARAMS(COUNT("count", "240", 1, 2000, "files", "số tệp"), OVER("45s", 10 * MINUTE), TEXT("ending", "khoadl", "second ending they get", "phần mở rộng thứ hai"), TEXT("folder", "D:\\DuLieu", "where", "thư mục"), TEXT("program", "dongbo.exe", "the program that does it", "chương trình thực hiện"))},
{"ransom_note", {"Notes that ask for ransom", "Thông điệp đòi tiền chuộc"}, .needs = HA, .os = WINDOWS, .sources = "sysmon", .more = "", .techniques = "T1486", .rules = "",
 PARAMS(TEXT("file", "HUONG_DAN_GIAI_MA.txt", "name of the note", "tên tệp"), COUNT("count", "6", 1, 100, "folders", "số thư mục"))},
/* ---- Windows: data ---- */
{"share_copy", {"Files are copied from the share in bulk", "Sao chép hàng loạt từ thư mục chia sẻ"}, .needs = HA, W_PROC, .techniques = "T1039", .rules = "",
 PARAMS(TEXT("folder", "HoSoDuLieuCaNhan", "the share's folder", "thư mục chia sẻ"), FROM)},
{"database_export", {"A table is exported with bcp", "Xuất bảng dữ liệu bằng bcp"}, .needs = HA, W_PROC, .techniques = "T1005 T1048", .rules = "",
 PARAMS(TEXT("table", "DanCu.dbo.HoSo", "the table", "bảng dữ liệu"))},
{"archive_data", {"Data is packed with a password", "Nén dữ liệu có mật khẩu"}, .needs = HA, W_PROC, .techniques = "T1560.001", .rules = "",
 PARAMS(TEXT("file", "baocao.7z", "name of the archive", "tên tệp nén"))},
{"usb_copy", {"Files are copied to a USB drive", "Sao chép tệp ra USB"}, .needs = HA, .os = WINDOWS, .sources = "sysmon security", .more = "", .techniques = "T1052.001 T1091", .rules = "",
 PARAMS(COUNT("count", "12", 1, 500, "files", "số tệp"), OVER("3m", HOUR), TEXT("drive", "E:", "letter of the drive", "ký tự ổ đĩa"))},
{"cloud_sync", {"Data goes to a cloud drive", "Đồng bộ dữ liệu lên đám mây"}, .needs = HAO, .os = WINDOWS, .sources = "sysmon", .more = "security eve", .techniques = "T1567.002", .rules = "net_flow_large_upload",
 PARAMS(BYTES("800M"))},
/* ---- mail, cloud ---- */
{"mailbox_logon", {"A mailbox is opened from abroad", "Hộp thư bị mở từ nước ngoài"}, .needs = HAO, .os = ANY_OS, .kinds = KIND(HOST_MAIL), .sources = "m365 mail", .more = "", .techniques = "T1078.004", .rules = "corr_m365_logon_after_failures",
 PARAMS(COUNT("failures", "8", 0, 100, "failures before", "số lần sai trước đó"))},
{"mailbox_rule", {"A mailbox rule hides or forwards mail", "Quy tắc hộp thư ẩn hoặc chuyển tiếp thư"}, .needs = HAO, .os = ANY_OS, .kinds = KIND(HOST_MAIL), .sources = "m365", .more = "", .techniques = "T1564.008 T1114.003", .rules = "m365_inbox_rule_suspicious",
 PARAMS(TEXT("rule", ".", "name of the rule", "tên quy tắc"), TEXT("words", "thanh toan;hoa don;chuyen khoan", "mail it acts on", "từ khóa trong thư"))},
{"mail_send_burst", {"Many mails from one mailbox", "Gửi hàng loạt thư từ một hộp thư"}, .needs = HA, .os = LINUX, .kinds = KIND(HOST_MAIL), .sources = "mail", .more = "", .techniques = "T1534", .rules = "corr_mail_sent_burst",
 PARAMS(COUNT("count", "120", 1, 2000, "mails", "số thư"), OVER("3m", HOUR))},
{"mail_password_guess", {"Passwords of mailboxes guessed", "Đoán mật khẩu hộp thư"}, .needs = HO, .os = LINUX, .kinds = KIND(HOST_MAIL), .sources = "mail", .more = "", .techniques = "T1110.001", .rules = "corr_pam_brute_force",
 PARAMS(COUNT("count", "30", 1, 500, "attempts", "số lần thử"), OVER("4m", HOUR))},
/* ---- web ---- */
{"web_scan", {"The site is scanned", "Quét lỗ hổng trang web"}, .needs = HO, .os = ANY_OS, .sources = "web", .more = "eve", .techniques = "T1595.002 T1595.003", .rules = "web_scanner_agent corr_web_forced_browsing",
 PARAMS(COUNT("count", "160", 1, 3000, "requests", "số yêu cầu"), OVER("50s", HOUR), TEXT("agent", "Mozilla/5.00 (Nikto/2.5.0)", "user agent", "tên trình duyệt"))},
{"sql_injection", {"SQL injection", "Chèn mã SQL"}, .needs = HO, .os = ANY_OS, .sources = "web", .more = "eve", .techniques = "T1190", .rules = "web_sql_injection",
 PARAMS(TEXT("path", "/tracuu/diemthi", "the page", "trang bị tấn công"), COUNT("count", "12", 1, 500, "requests", "số yêu cầu"), OVER("2m", HOUR))},
{"path_traversal", {"Path traversal", "Duyệt ngược thư mục"}, .needs = HO, .os = ANY_OS, .sources = "web", .more = "", .techniques = "T1190", .rules = "web_path_traversal",
 PARAMS(TEXT("path", "/tai-ve", "the page", "trang bị tấn công"))},
{"web_login_guess", {"Passwords of the site guessed", "Đoán mật khẩu trang web"}, .needs = HO, .os = ANY_OS, .sources = "web", .more = "", .techniques = "T1110", .rules = "corr_web_login_guessing",
 PARAMS(TEXT("path", "/dang-nhap", "the page", "trang đăng nhập"), COUNT("count", "45", 1, 1000, "attempts", "số lần thử"), OVER("90s", HOUR), BOOL("success", "false", "the last one is right", "lần cuối thành công"))},
{"web_shell_upload", {"A web shell is uploaded", "Tải web shell lên máy chủ"}, .needs = HO, .os = ANY_OS, .sources = "web", .more = "auditd", .techniques = "T1505.003", .rules = "web_shell_request web_method_unusual",
 PARAMS(TEXT("path", "/uploads/anh-the.php", "where it lies", "đường dẫn tệp"))},
{"web_shell_command", {"Commands through the web shell", "Chạy lệnh qua web shell"}, .needs = HO, .os = ANY_OS, .sources = "web", .more = "auditd sysmon", .techniques = "T1505.003 T1059", .rules = "web_shell_request web_command_injection",
 PARAMS(TEXT("path", "/uploads/anh-the.php", "where it lies", "đường dẫn tệp"), COUNT("count", "4", 1, 20, "commands", "số lệnh"), OVER("2m", HOUR))},
{"web_deface", {"The front page is replaced", "Thay đổi giao diện trang chủ"}, .needs = HO, .os = LINUX, .sources = "web", .more = "auditd", .techniques = "T1491.002", .rules = "lnx_proc_web_page_replaced",
 PARAMS(TEXT("path", "/var/www/html/index.html", "the page's file", "tệp trang chủ"))},
{"flood", {"A flood of requests", "Tấn công từ chối dịch vụ bằng yêu cầu web"}, .needs = NEEDS_HOST, .os = ANY_OS, .sources = "web eve", .more = "", .techniques = "T1498 T1499.002", .rules = "corr_web_overload",
 PARAMS(COUNT("count", "1500", 1, 20000, "requests", "số yêu cầu"), OVER("2m", HOUR), COUNT("addresses", "180", 1, 250, "that they come from", "số địa chỉ nguồn"), TEXT("path", "/", "the page", "trang bị tấn công"))},
/* ---- Linux ---- */
{"ssh_brute_force", {"SSH passwords guessed", "Đoán mật khẩu SSH"}, .needs = NEEDS_HOST, .os = LINUX, .sources = "sshd", .more = "eve", .techniques = "T1110.001", .rules = "corr_ssh_brute_force corr_ssh_success_after_failures",
 PARAMS(FROM, COUNT("count", "40", 1, 1000, "attempts", "số lần thử"), OVER("3m", HOUR), BOOL("success", "true", "the last one is right (of `account`, else root)", "lần cuối thành công"))},
{"ssh_spray", {"SSH tried on many accounts", "Thử SSH trên nhiều tài khoản"}, .needs = HO, .os = LINUX, .sources = "sshd", .more = "", .techniques = "T1110.003", .rules = "corr_ssh_spraying",
 PARAMS(COUNT("count", "18", 1, 300, "accounts", "số tài khoản"), OVER("5m", HOUR))},
{"ssh_logon", {"SSH logon", "Đăng nhập SSH"}, .needs = NEEDS_HOST, .os = LINUX, .sources = "sshd", .more = "eve", .techniques = "T1021.004", .rules = "lnx_ssh_root_login",
 PARAMS(FROM, WORD("method", "password", "password publickey", "how it proves itself", "cách xác thực"))},
{"sudo_abuse", {"sudo to a root shell", "Dùng sudo chiếm quyền root"}, .needs = HA, .os = LINUX, .sources = "sshd", .more = "auditd", .techniques = "T1548.003", .rules = "lnx_sudo_shell lnx_sudo_not_allowed"},
{"linux_discovery", {"Commands that look around", "Các lệnh thăm dò"}, .needs = NEEDS_HOST, L_EXEC, .more = "", .techniques = "T1082 T1033 T1087.001", .rules = "",
 PARAMS(COUNT("count", "7", 1, 12, "how many", "số lệnh"), OVER("1m", 10 * MINUTE))},
{"linux_download_run", {"curl fetches and a shell runs it", "curl tải về và chạy"}, .needs = HO, L_EXEC, .more = "eve", .techniques = "T1105 T1059.004", .rules = "lnx_proc_download_and_run"},
{"reverse_shell", {"A shell that calls out", "Shell kết nối ngược"}, .needs = HO, L_EXEC, .more = "eve", .techniques = "T1059.004", .rules = "lnx_proc_reverse_shell"},
{"cron_persist", {"A crontab from a temporary file", "Cài crontab từ tệp tạm"}, .needs = NEEDS_HOST, L_EXEC, .more = "", .techniques = "T1053.003", .rules = "lnx_proc_crontab_from_pipe"},
{"ssh_key_add", {"An SSH key is added", "Thêm khóa SSH"}, .needs = NEEDS_HOST, L_EXEC, .more = "", .techniques = "T1098.004", .rules = "lnx_proc_ssh_key_added"},
{"linux_new_account", {"An account is made and may use sudo", "Tạo tài khoản có quyền sudo"}, .needs = NEEDS_HOST, .os = LINUX, .sources = "sshd", .more = "auditd", .techniques = "T1136.001 T1098.007", .rules = "lnx_user_added lnx_group_sudo_member",
 PARAMS(TEXT("name", "hotro2", "of the new account", "tên tài khoản mới"))},
{"shadow_read", {"The file of password hashes is read", "Đọc tệp băm mật khẩu"}, .needs = NEEDS_HOST, L_EXEC, .more = "", .techniques = "T1003.008", .rules = "lnx_proc_passwd_files_read"},
{"security_tool_stop", {"Security services are stopped", "Dừng dịch vụ an ninh"}, .needs = NEEDS_HOST, L_EXEC, .more = "", .techniques = "T1562.001", .rules = "lnx_proc_security_tool_stopped",
 PARAMS(TEXT("service", "auditd", "its name", "tên dịch vụ"))},
{"linux_log_delete", {"Logs are deleted", "Xóa nhật ký"}, .needs = NEEDS_HOST, L_EXEC, .more = "", .techniques = "T1070.002", .rules = "lnx_proc_log_deleted lnx_proc_history_erased"},
{"crypto_miner", {"A miner runs", "Chạy phần mềm đào tiền ảo"}, .needs = HO, L_EXEC, .more = "eve", .techniques = "T1496.001", .rules = "lnx_proc_miner"},
{"database_dump", {"The database is dumped", "Trích xuất toàn bộ cơ sở dữ liệu"}, .needs = NEEDS_HOST, L_EXEC, .more = "", .techniques = "T1005", .rules = "lnx_proc_database_dumped",
 PARAMS(TEXT("database", "diemthi", "its name", "tên cơ sở dữ liệu"))},
{"curl_upload", {"A file is sent out with curl", "Gửi tệp ra ngoài bằng curl"}, .needs = HO, L_EXEC, .more = "eve", .techniques = "T1048", .rules = "lnx_proc_file_sent_out net_flow_large_upload",
 PARAMS(TEXT("file", "/tmp/.cache.tgz", "the file", "tên tệp"), BYTES("700M"))},
/* ---- network ---- */
{"port_scan", {"Ports are scanned", "Quét cổng"}, .needs = NEEDS_HOST, .os = ANY_OS, .sources = "eve", .more = "", .techniques = "T1046 T1595.001", .rules = "corr_port_scan",
 PARAMS(FROM, COUNT("count", "120", 1, 5000, "ports", "số cổng"), OVER("40s", HOUR))},
{"ids_alert", {"The network sensor speaks", "Cảm biến mạng cảnh báo"}, .needs = HO, .os = ANY_OS, .sources = "eve", .more = "", .techniques = "T1071", .rules = "net_suricata_severe_alert",
 PARAMS(TEXT("signature", "DRILL Known command-and-control server", "what it says", "nội dung cảnh báo"), COUNT("severity", "1", 1, 3, "1 is the worst", "1 là nặng nhất"), COUNT("port", "443", 1, 65535, "of the outside", "cổng bên ngoài"))},
{"executable_download", {"A program is fetched from a bare address", "Tải chương trình từ địa chỉ IP"}, .needs = HO, .os = ANY_OS, .sources = "eve", .more = "sysmon", .techniques = "T1105", .rules = "net_http_executable_by_address",
 PARAMS(TEXT("file", "capnhat.exe", "its name", "tên tệp"))},
{"c2_beacon", {"Regular calls to an outside server", "Kết nối định kỳ tới máy chủ điều khiển"}, .needs = HO, .os = ANY_OS, .sources = "eve sysmon", .more = "", .techniques = "T1071.001", .rules = "corr_beaconing",
 PARAMS(COUNT("count", "210", 1, 2000, "calls", "số lần"), OVER("35m", 8 * HOUR))},
{"dns_tunnel", {"Data leaves in DNS names", "Tuồn dữ liệu qua tên miền DNS"}, .needs = HO, .os = ANY_OS, .sources = "eve", .more = "", .techniques = "T1071.004 T1048", .rules = "corr_dns_tunnel net_dns_tunnel_long_name",
 PARAMS(COUNT("count", "140", 1, 3000, "names", "số tên miền"), OVER("3m", HOUR))},
{"exfil_upload", {"A large upload", "Tải lên lượng lớn dữ liệu"}, .needs = HO, .os = ANY_OS, .sources = "eve", .more = "", .techniques = "T1048", .rules = "net_flow_large_upload corr_exfiltration_by_size",
 PARAMS(BYTES("3G"), OVER("20m", 8 * HOUR))},
/* ---- innocents ---- */
{"admin_work", {"An administrator at work", "Quản trị viên làm việc"}, .needs = HA, .os = WINDOWS, .sources = "sysmon security", .more = "", .innocent = true, .techniques = "", .rules = "",
 PARAMS(OVER("10m", 8 * HOUR))},
{"admin_ssh", {"An administrator at work over SSH", "Quản trị viên làm việc qua SSH"}, .needs = HA, .os = LINUX, .sources = "sshd auditd", .more = "", .innocent = true, .techniques = "", .rules = "",
 PARAMS(FROM, OVER("10m", 8 * HOUR))},
{"backup_run", {"The nightly backup", "Sao lưu định kỳ"}, .needs = NEEDS_HOST, .os = WINDOWS | LINUX, .sources = "sysmon auditd", .more = "security", .innocent = true, .techniques = "", .rules = "",
 PARAMS(OVER("15m", 8 * HOUR))},
{"software_update", {"Software is updated", "Cập nhật phần mềm"}, .needs = NEEDS_HOST, .os = WINDOWS | LINUX, .sources = "sysmon auditd", .more = "eve", .innocent = true, .techniques = "", .rules = "",
 PARAMS(OVER("5m", 8 * HOUR))},
{"user_browse", {"Somebody visits the site or the web", "Người dùng truy cập web"}, .needs = NEEDS_HOST, .os = ANY_OS, .sources = "web eve sysmon", .more = "", .innocent = true, .techniques = "", .rules = "",
 PARAMS(COUNT("count", "25", 1, 5000, "pages", "số trang"), OVER("10m", 8 * HOUR))},
{"office_work", {"Documents are written and read", "Soạn và đọc văn bản"}, .needs = HA, .os = WINDOWS, .sources = "sysmon", .more = "security", .innocent = true, .techniques = "", .rules = "",
 PARAMS(OVER("20m", 8 * HOUR))},
{"failed_logon_typo", {"A password mistyped, then right", "Gõ sai mật khẩu rồi đăng nhập được"}, .needs = HA, .os = WINDOWS | LINUX, .sources = "security sshd", .more = "", .innocent = true, .techniques = "", .rules = "",
 PARAMS(FROM, COUNT("count", "2", 1, 4, "times", "số lần"))},
{"vulnerability_scan_by_own", {"The unit's own vulnerability scan", "Đơn vị tự quét lỗ hổng"}, .needs = NEEDS_HOST, .os = ANY_OS, .sources = "web eve", .more = "", .innocent = true, .techniques = "", .rules = "web_scanner_agent",
 PARAMS(FROM, COUNT("count", "60", 1, 3000, "requests", "số yêu cầu"), OVER("10m", 8 * HOUR))},
};
/* clang-format on */
const unsigned n_activities = ARRAY_LEN(activities);
