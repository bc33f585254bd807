// temporary
#include "engine/session/session.h"
#include <cstdio>
int main(int, char** argv)
{
    using namespace ringside::session;
    SessionOptions o; o.self_test = {"all"};
    if (argv[1]) o.confinement = Confinement::reduced;
    auto s = Session::start(o);
    s->wait();
    std::printf("%s\n%s\n", s->outcome().report.c_str(), s->outcome().message.c_str());
    return s->outcome().exit_status();
}
