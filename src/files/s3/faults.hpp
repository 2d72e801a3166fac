#pragma once
// What a refusal of an S3 store means: one table from its status and code to an Error, a log line with what to do, and
// whether to try again. Any thread.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

#include <string>

#include "base/result.hpp"
#include "files/beat.hpp"
#include "files/s3/answers.hpp"
#include "files/s3/endpoint.hpp"

namespace stoa::files::s3 {

/// The same request may succeed in a moment.
bool may_try_again(int status, const std::string& code);

/// The configuration is at fault, not the moment: nothing will work before somebody changes it.
bool is_misconfiguration(const std::string& code);

/// Logs and gives the Error; reports to `beat` what concerns the whole store. `what` as in "put".
Error s3_fault(const char* what, const Endpoint& endpoint, int status, const Fault& fault, Beat& beat);

/// No answer at all, or only a part of one.
Error s3_silence(const char* what, const Endpoint& endpoint, const Error& reason, Beat& beat);

}  // namespace stoa::files::s3
