"""What `smsbot init` writes: every key, with what is usual; the simulator works as it is, the rest is commented out.

A line that begins with `#` and a letter or a bracket is a setting to uncomment; `# ` begins a remark.
"""

from __future__ import annotations

TEMPLATE = """\
# Settings of smsbot. Any key can also be given as an environment variable, for example
# SMSBOT_DATABASE__URL or SMSBOT_CHANNELS__MAIN__AUTH_TOKEN.

[service]
name.ka = "ქუთაისის მერია"                   # short: it begins many texts; about 20 letters fit
name.en = "Kutaisi City Hall"
name.ru = "Мэрия Кутаиси"
name.az = "Kutaisi meriyası"
name.hy = "Քութայիսի քաղաքապետարան"
contact = "+995431230000"                    # named in HELP
#free_exit = {ka = "უფასოდ: 0 800 000 000", en = "Free of charge: 0 800 000 000"}  # a way to stop, told in HELP
languages = ["ka", "en", "ru", "az", "hy"]   # the first is the default
region = "GE"                                # for numbers without a country code
timezone = "Asia/Tbilisi"
#public_url = "https://sms.example.ge"        # how gateways reach this server; signatures are computed over it
#content = "content"                          # a folder whose flows/ and locales/ overlay the built-in ones
#example = "guria/ozurgeti"                   # ready topics and places for a new database; else built-in topics
#hash_key = "at least 32 random characters"   # of the keyed hash of numbers; else made once, kept in the database

[database]
url = "sqlite:///var/smsbot.db"              # or postgresql://smsbot:PASSWORD@localhost/smsbot

[staff]
#admin_key = "a long random text"             # a key with the role admin, to begin with

[sending]
quiet_from = "20:00"                         # broadcasts wait outside these hours; replies never wait
quiet_until = "09:00"                        # equal times: no quiet hours
#weekend_quiet_from = "19:00"                 # these two on weekends and holidays; "00:00" and "24:00": the whole day
#weekend_quiet_until = "10:00"
#holidays = ["GE"]                            # Georgia's public holidays; []: none
#extra_holidays = ["2026-12-31"]              # days off that the government adds
#working_days = ["2026-12-26"]                # weekends and holidays on which work is done
per_day = 0                                  # broadcasts to one person in a day, urgent ones apart; 0: any number
approvals = 0                                # 0: a broadcast is sent at once; 1: another person must approve it
hold_s = 0                                   # pause between approval and the first message
max_parts = 6                                # the longest broadcast
replies_per_hour = 60                        # to one number, against loops

[retention]                                  # how long things are kept, in days; 0: for ever
texts_days = 90                              # words of texts both ways, and numbers of those who are no subscribers
inbox_days = 180                             # a text that nobody has answered; never less than texts_days
ledger_days_after = 365                      # a person's words in the ledger, after they stopped; up to five years
dormant_days = 365                           # broadcasts leave a number out after so long without any sign of it
rows_days = 400                              # that there was a message, what became of it; never less than the others

# Topics and places are loaded into the database when it holds none; afterwards staff edit them there. Without any
# [[topics]] the eight built-in ones are used.
#[[topics]]
#code = "budget"
#number = 1
#names = {ka = "ბიუჯეტი", en = "Budget", ru = "Бюджет", az = "Büdcə", hy = "Բյուջե"}
#words = ["biujeti", "biudjeti", "hearing"]

#[[places]]
#code = "nikea"
#names = {ka = "ნიკეა", en = "Nikea"}
#words = []

#[[places]]
#code = "nikea-centre"
#names = {ka = "ნიკეას ცენტრი", en = "Nikea centre"}
#parent = "nikea"

# Channels. Every one may have: sender, rate_per_s (parts per second, 10), inbound and outbound (true), max_parts, and
# webhook_token where the gateway signs nothing. Its addresses for the gateway are
# PUBLIC_URL/channels/NAME/inbound and PUBLIC_URL/channels/NAME/status. Every one may also have:
#   fallback = "other"      what waits leaves through that channel while this one is down
#   answer_to = "2200"      where STOP can be sent if people cannot answer the sender; without it the first number of a
#                           channel that receives. Such texts end with it
#   balance_low = 20        below it the channel is `degraded`, where the gateway tells its balance

[channels.simulator]
gateway = "simulator"                        # a phone in the browser, at /simulator; remove it in public service

# ----------------------------------------------------------------------------------------------------------------

#[channels.main]
#gateway = "twilio"
#sender = "+995322000000"
#rate_per_s = 10
#inbound = true
#outbound = true
#max_parts = 6
#base_url = "https://api.twilio.com"
#account_sid = "AC0123456789abcdef0123456789abcdef"
#auth_token = "secret"
#messaging_service_sid = "MG0123456789abcdef0123456789abcdef"

#[channels.kannel]
#gateway = "kannel"
#sender = "2200"
#webhook_token = "a long random text"
#base_url = "http://127.0.0.1:13013"
#username = "smsbot"
#password = "secret"
#smsc = "operator"
#dlr_mask = 31

#[channels.smpp]
#gateway = "smpp"
#sender = "2200"
#host = "smsc.example.ge"
#port = 2775
#system_id = "smsbot"
#password = "secret"
#system_type = ""
#bind = "transceiver"                         # or transmitter, receiver; else as inbound and outbound need
#window = 10                                  # unanswered messages at once
#enquire_link_s = 30
#response_s = 20                              # at most 20
#source_ton = 3                               # without these two: as the sender looks (name, short or whole number)
#source_npi = 0
#dest_ton = 1
#dest_npi = 1
#default_alphabet = "gsm7"                    # or latin1
#receipt_id = "same"                          # how receipts write the id: same, hex or dec
#tls = false                                  # true: the certificate is checked
# tls_ca = "operator.pem"                     # beside `tls = true`, where the operator has an authority of its own

# Any other gateway with an HTTP interface, by templates.
#[channels.http]
#gateway = "http"
#sender = "2200"
#webhook_token = "a long random text"
#base_url = "https://sms.example.ge"
#path = "/send"
#method = "POST"
#content_type = "json"                        # or form, xml
#fields = {to = "{to}", from = "{from}", text = "{text}", id = "{id}", status_url = "{status_url}"}
#api_key = "secret"                           # {api_key} in path, fields and headers

# An Android phone with the app SMSGate: the phone itself, a private server, or the project's cloud (docs/gateways).
#[channels.smsgate]
#gateway = "smsgate"
#sender = "+995599000000"                     # the SIM's number
#rate_per_s = 0.2                             # operators block a SIM that sends like a machine
#base_url = "http://127.0.0.1:8080"           # without it: https://api.sms-gate.app/3rdparty/v1
#username = "sms"
#password = "secret"
#device_id = "phone-1"                        # which phone, where the account has several
#sim_number = 1                               # which SIM, where the phone has several
#send_path = "/message"                       # or /messages
#signing_key = "secret"                       # from the app's settings; else webhook_token

# A GSM modem, through the tables of gammu-smsd.
#[channels.gammu]
#gateway = "gammu"
#sender = "+995599000000"                     # the SIM's number
#rate_per_s = 0.2
#database_url = "sqlite:////var/lib/gammu/smsd.db"   # or postgresql://smsd:PASSWORD@localhost/smsd
#modem = ""                                   # gammu-smsd's PhoneID, where several share the tables
#timezone = ""                                # of gammu-smsd's machine, where it is another than this one's
#delivery_reports = true
#queue_most = 30                              # messages that wait for the modem; the others wait here
#poll_s = 1.0                                 # how often the tables are looked into

# The world's providers; docs/gateways has a page for each.
#[channels.infobip]
#gateway = "infobip"
#sender = "2200"
#webhook_token = "a long random text"
#base_url = "https://xxxxx.api.infobip.com"   # each account has its own
#api_key = "secret"

#[channels.vonage]
#gateway = "vonage"
#sender = "2200"
#base_url = "https://rest.nexmo.com"
#api_key = "key"
#api_secret = "secret"
#signature_secret = "secret"                  # without it: webhook_token
#signature_method = "sha256"                  # as in the account: md5hash, md5, sha1, sha256 or sha512

#[channels.sinch]
#gateway = "sinch"
#sender = "2200"
#base_url = "https://eu.sms.api.sinch.com"    # the account's region
#service_plan_id = "plan"
#api_token = "secret"
#webhook_secret = "secret"                    # without it: webhook_token

#[channels.telnyx]
#gateway = "telnyx"
#sender = "+995322000000"
#base_url = "https://api.telnyx.com"
#api_key = "secret"
#public_key = "cGFzdGUgdGhlIGtleSBvZiB0aGUgcG9ydGFsIGhlcmU="   # without it: webhook_token

#[channels.plivo]
#gateway = "plivo"
#sender = "2200"
#base_url = "https://api.plivo.com"
#auth_id = "id"
#auth_token = "secret"

#[channels.africastalking]
#gateway = "africastalking"
#sender = "2200"
#webhook_token = "a long random text"
#base_url = "https://api.africastalking.com"
#username = "city"
#api_key = "secret"

#[channels.messagebird]
#gateway = "messagebird"
#sender = "2200"
#base_url = "https://rest.messagebird.com"
#access_key = "secret"
#signing_key = "secret"                       # without it: webhook_token

#[channels.jasmin]
#gateway = "jasmin"
#sender = "2200"
#webhook_token = "a long random text"
#base_url = "http://127.0.0.1:1401"
#username = "smsbot"
#password = "secret"

# Georgian providers. They send only: nobody can answer a name. Reports are asked for; with webhook_token the providers
# that push them may. sender is the registered name, where the key or the brand does not decide it.
#[channels.ubill]
#gateway = "ubill"
#base_url = "https://api.ubill.dev/v1"
#api_key = "secret"
#brand_id = 1
#stop_list = true                             # false: also to numbers that asked uBill for silence
#webhook_token = "a long random text"         # for reports that uBill pushes: its “Callback key”, at most 30 letters

#[channels.smsoffice]
#gateway = "smsoffice"
#sender = "Kutaisi"
#base_url = "https://smsoffice.ge"
#api_key = "secret"
#urgent = false                               # true: also to numbers that asked SMS Office for silence

#[channels.sender_ge]
#gateway = "sender_ge"
#base_url = "https://sender.ge"
#api_key = "secret"
#sms_no = 2                                   # 1: advertising, with an opt-out line of the provider; 2: information
#priority = false                             # true: without asking whether the number wants this sender

#[channels.gosms]
#gateway = "gosms"
#sender = "Kutaisi"
#base_url = "https://api.gosms.ge"
#api_key = "secret"
#urgent = false                               # true: also to numbers that asked GoSMS for silence

#[channels.msg_ge]
#gateway = "msg_ge"
#base_url = "https://bi.msg.ge"
#username = "user"
#password = "secret"
#client_id = "1"
#service_id = "1"
#alternate_password = "secret"                # for a server whose address changes

# MagtiCom itself, inside its VPN.
#[channels.magti]
#gateway = "magti"
#sender = "2200"                              # the short number or name behind service_id
#base_url = "http://81.95.160.47"
#username = "user"
#password = "secret"
#client_id = "1"
#service_id = "1"
#send_path = "/mt/oneway"
#track_path = "/bi/track"
"""
