"""Recovery codes (contract sections 4, 5, 12)."""


def enroll(world, person, **data) -> tuple[dict, list[str]]:
    result = person.ask("token.enroll", {"tokenType": "recovery", **data}).result
    content = world.open(result["provisioning"]["codes"], "provisioning")
    assert (content["tenant"], content["userId"], content["use"]) == ("default", person.id, "provisioning")
    world.canaries.otps.update(content["codes"])
    return result["token"], content["codes"]


def test_codes_are_shown_once_and_verify_once_each(world):
    person = world.person("recovery")
    token, codes = enroll(world, person, count=3)
    assert (token["status"], token["kind"], token["device"]) == ("ACTIVE", "recovery", None)
    assert len(set(codes)) == 3
    assert "provisioning" not in person.ask("token.view", {"tokenId": token["tokenId"]}).result
    assert person.verify(codes[1]).result["tokenId"] == token["tokenId"]
    reply = person.verify(codes[1])
    assert (reply.code, reply.details["attemptsLeft"]) == ("otp_mismatch", 9)
    for code in (codes[0], codes[2]):
        assert person.verify(code, tokenId=token["tokenId"]).status == "ok"
    assert person.verify(codes[0], tokenId=token["tokenId"]).code == "otp_mismatch"


def test_how_many_is_1_to_20_and_10_by_default(world):
    person = world.person("recovery")
    assert len(enroll(world, person)[1]) == 10
    assert len(enroll(world, person, count=20)[1]) == 20
    for count in (0, 21, "3"):
        reply = person.ask("token.enroll", {"tokenType": "recovery", "count": count})
        assert (reply.code, reply.details["field"]) == ("malformed", "/count")


def test_they_are_no_active_token_and_neither_reset_nor_provisioned(world):
    person = world.person("recovery")
    token, _ = enroll(world, person)
    sms = person.enroll("sms")["tokenId"]
    assert person.ask("token.disable", {"tokenId": sms}).result["activeTokensLeft"] == 0
    data = {"tokenId": token["tokenId"]}
    assert person.ask("token.reset", {**data, "otp1": "123456", "otp2": "123457"}).code == "not_resettable"
    assert person.ask("token.provision", data).code == "not_provisionable"
    assert person.ask("token.edit", {**data, "phone": "+41791234567"}).code == "not_editable"
    assert person.ask("otp.request", {**data, "purpose": "login"}).code == "not_deliverable"


def test_disabled_codes_verify_nothing(world):
    person = world.person("recovery")
    token, codes = enroll(world, person)
    person.ask("token.disable", {"tokenId": token["tokenId"]}).result
    assert person.verify(codes[0]).code == "no_active_token"
    person.ask("token.enable", {"tokenId": token["tokenId"]}).result
    assert person.verify(codes[0]).status == "ok"
