#include "scanner/storage/private_files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace scanner::storage {
namespace {

namespace fs = std::filesystem;

class PrivateFiles : public testing::TestWithParam<mode_t> {
protected:
    PrivateFiles() : before_(::umask(GetParam())) {
        char folder[] = "/tmp/market-scanner-files-XXXXXX";
        folder_ = ::mkdtemp(folder);
    }
    ~PrivateFiles() override {
        ::umask(before_);
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    static unsigned mode(const fs::path& path) {
        struct stat facts{};
        EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
        return facts.st_mode & 0777U;
    }
    mode_t before_;
    fs::path folder_;
};

TEST_P(PrivateFiles, are_made_for_their_owner_alone) {
    ASSERT_TRUE(make_private_directories(folder_ / "a" / "b"));
    EXPECT_EQ(mode(folder_ / "a"), 0700U);
    EXPECT_EQ(mode(folder_ / "a" / "b"), 0700U);
    ASSERT_TRUE(make_private_directories(folder_ / "a" / "b")) << "it is there already";
    ASSERT_TRUE(open_private_file(folder_ / "file", O_WRONLY | O_CREAT));
    EXPECT_EQ(mode(folder_ / "file"), 0600U);
    ASSERT_TRUE(replace_private_file(folder_ / "c" / "text", "1"));
    ASSERT_TRUE(replace_private_file(folder_ / "c" / "text", "2"));
    EXPECT_EQ(mode(folder_ / "c"), 0700U);
    EXPECT_EQ(mode(folder_ / "c" / "text"), 0600U);
    EXPECT_EQ(*read_whole_file(folder_ / "c" / "text", 10), "2");
}

TEST_P(PrivateFiles, are_not_written_through_a_link) {
    const fs::path victim = folder_ / "victim";
    std::ofstream(victim) << "mine";
    fs::create_symlink(victim, folder_ / "text.new");
    ASSERT_TRUE(replace_private_file(folder_ / "text", "state"));
    EXPECT_EQ(*read_whole_file(victim, 100), "mine");
    EXPECT_FALSE(fs::is_symlink(folder_ / "text"));
    fs::create_symlink(victim, folder_ / "link");
    EXPECT_FALSE(open_private_file(folder_ / "link", O_WRONLY | O_CREAT | O_TRUNC));
    EXPECT_EQ(*read_whole_file(victim, 100), "mine");
}

TEST_P(PrivateFiles, of_an_older_version_are_closed_to_others) {
    std::ofstream(folder_ / "old") << "x";
    ASSERT_EQ(::chmod((folder_ / "old").c_str(), 0664), 0);
    make_private(folder_ / "old");
    EXPECT_EQ(mode(folder_ / "old"), 0600U);
    make_private(folder_ / "none");  // nothing happens
}

TEST_P(PrivateFiles, say_what_is_wrong) {
    std::ofstream(folder_ / "file") << std::string(100, 'x');
    EXPECT_EQ(make_private_directories(folder_ / "file" / "b").error().code(), core::ErrorCode::io);
    EXPECT_EQ(read_whole_file(folder_ / "none", 10).error().code(), core::ErrorCode::not_found);
    EXPECT_EQ(read_whole_file(folder_ / "file", 10).error().code(), core::ErrorCode::io);
    EXPECT_EQ(read_whole_file(folder_, 10).error().code(), core::ErrorCode::io);
}

INSTANTIATE_TEST_SUITE_P(Umasks, PrivateFiles, testing::Values(mode_t{0}, mode_t{022}, mode_t{077}),
                         [](const auto& info) { return "umask_" + std::to_string(info.param); });

}  // namespace
}  // namespace scanner::storage
