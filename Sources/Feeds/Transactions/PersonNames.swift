/// Names of invented clients: given and family names of several cultures, each in its own order.
enum PersonNames {
    private struct Culture: Sendable {
        let given: [String]
        let family: [String]
        var isFamilyFirst = false
    }

    /// `count` names; the same seed gives the same.
    static func make(_ count: Int, seed: UInt64) -> [String] {
        var random = SimulatorRandom(seed: seed, stream: 0x4e61_6d65)
        return (0..<count).map { _ in
            let culture = cultures[Int.random(in: cultures.indices, using: &random)]
            let given = culture.given[Int.random(in: culture.given.indices, using: &random)]
            let family = culture.family[Int.random(in: culture.family.indices, using: &random)]
            return culture.isFamilyFirst ? "\(family) \(given)" : "\(given) \(family)"
        }
    }

    private static let cultures = [
        Culture(
            given: words(
                "James Mary Robert Patricia John Linda Michael Susan David Karen Grace Oliver Emily Ethan Zoe"),
            family: words("Smith Johnson Williams Brown O'Connor Miller Davis Wilson Taylor-Jones Clark Lewis McKenzie")
        ),
        Culture(
            given: words("José María Luis Carmen Jesús Lucía Andrés Sofía Íñigo Raúl Martín Inés Joaquín Noemí"),
            family: words("García Núñez Martínez López Hernández Peña Muñoz Jiménez Ibáñez Castro Ríos Vega")),
        Culture(
            given: words("João Ana Tiago Beatriz Gonçalo Inês Rui Mariana Caetano Luísa Paulo Débora"),
            family: words("Souza Silva Conceição Almeida Araújo Falcão Pereira Guimarães Brandão Lima")),
        Culture(
            given: words("Amélie Benoît Chloé François Élodie Gaëlle Hélène Jérôme Léa Mathieu Noël Océane"),
            family: words("Dupont Lefèvre Moreau Girard Bérenger Château Roux d'Aubigny Fontaine Garçon")),
        Culture(
            given: words("Jürgen Käthe Björn Anneliese Götz Heike Jörg Lena Matthias Sörine Uwe Ute"),
            family: words("Müller Schröder Weiß Bäcker Köhler Groß Vogel Strauß Hübner Krämer")),
        Culture(
            given: words("Søren Åsa Øystein Freja Bjørn Sigrid Jón Anneli Håkon Maj-Britt Pål Ebba"),
            family: words("Ångström Sørensen Hansen Lindqvist Øverland Björk Kjær Nyström Virtanen Mäkelä")),
        Culture(
            given: words("Łukasz Żaneta Zdeněk Jiří Ana Ştefan Oleksandr Agnieszka Ludmila Krešimir Nikola Ilona"),
            family: words("Wójcik Novák Kovács Popescu Dvořák Šimić Petrov Horváth Ionescu Zając")),
        Culture(
            given: words("Wei Fang Lei Na Qiang Xiuying Jun Yan Hao Mei Chen Ling"),
            family: words("Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun"), isFamilyFirst: true),
        Culture(
            given: words("Haruto Yui Sota Aoi Ren Hina Yuma Sakura Takumi Miyu Kenji Emi"),
            family: words("Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato"),
            isFamilyFirst: true),
        Culture(
            given: words("Minjun Seoyeon Jiho Jiwoo Hyunwoo Soyeon Dohyun Eunji Taeyang Yuna"),
            family: words("Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim"), isFamilyFirst: true),
        Culture(
            given: words("Priya Arjun Ananya Rohan Kavya Vikram Neha Sanjay Aditi Rahul Lakshmi Imran"),
            family: words("Nair Sharma Patel Iyer Reddy Singh Gupta Bose Chatterjee Khan")),
        Culture(
            given: words("Fatima Omar Layla Yusuf Amina Khalid Noor Tariq Zahra Hassan Mariam Karim"),
            family: words("al-Rashid Haddad Mansour al-Masri Nasser Farouk Khoury Saleh Aziz Hamdan")),
        Culture(
            given: words("Chinedu Amara Kwame Abena Thabo Naledi Oluwaseun Zanele Kofi Wanjiru Tendai Ife"),
            family: words("Okafor Mensah Nkosi Dlamini Adeyemi Mwangi Abubakar Osei Diallo Ndlovu")),
    ]

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}
